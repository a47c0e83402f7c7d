"""What programs can ask for, over any transport. Returns domain objects, which the transports render; raises PasticheErrors."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial

from nst import images
from nst.domain import Job, media_type, new_id
from nst.errors import NotAllowed, PasticheError, UnknownJob
from nst.gateway.answers import JobAnswer, PageAnswer
from nst.gateway.auth import Principal, anonymous_owner, find_job
from nst.gateway.media import Elsewhere, Media, Picture
from nst.gateway.pools import ThreadPools
from nst.gateway.requests import LargerRequest, PageRequest, SocketSubmission, Submission, parse_cursor, token_of
from nst.gateway.webhooks.safe_http import PublicHttpClient
from nst.http_responses import entity_tag
from nst.images import Format, Limits
from nst.service import LargerOrder, Sender, Service
from nst.settings import Settings
from nst.store.ports import Webhook
from nst.styles import StyleEntry

Request = Submission | SocketSubmission | LargerRequest


class Handlers:
    """
    Args:
        client: checks the URLs of webhooks.
    """

    def __init__(self, service: Service, settings: Settings, pools: ThreadPools, client: PublicHttpClient) -> None:
        self.settings, self._service, self._pools, self._client = settings, service, pools, client
        self._limits, self._media = Limits.of(settings), Media(service)
        self._addresses = service.quota_of_programs(", or ask for a key")

    async def submit(self, principal: Principal, submission: Submission | SocketSubmission, base: str) -> Job:
        """Submit a photo. A `requestId` that was submitted before is the same job, and is not counted.

        Args:
            base: what URLs in the webhook begin with.

        Raises:
            ServerBusy: when too many submissions were received before it.
        """
        return await self._submit_once(principal, submission, base, partial(self._accept, principal, submission))

    async def enlarge(self, principal: Principal, job_id: str, wanted: LargerRequest, base: str) -> Job:
        """Submit a larger version of a finished painting, for its owner. `requestId`, `base` and errors are as of `submit`."""
        return await self._submit_once(principal, wanted, base, partial(self._accept_larger, principal, job_id, wanted))

    async def _submit_once(self, principal: Principal, submission: Request, base: str, accept: Callable[[str], Job]) -> Job:
        """
        Args:
            accept: submits a job with that id.
        """
        job = await self._submitted_before(principal, submission)
        if submission.webhook is not None:
            if job is None:
                await self._pools.read(self._check_quota, principal)  # first: resolving a name may take seconds
            await self._client.check(submission.webhook.url)
        if job is not None:
            await self._pools.read(self._store_webhook, submission, job, base)
            return job
        job_id = submission.requestId or new_id()
        return await self._pools.submit(self._submit, principal, submission, job_id, base, accept)

    async def look(self, principal: Principal, job_id: str) -> Job:
        """The job as this program may see it."""
        return await self._pools.read(find_job, self._service, principal, job_id)

    async def describe(self, job: Job, base: str) -> JobAnswer:
        """The job with its place in the queue and the URL of its result."""
        return await self._pools.read(lambda: JobAnswer.of(self._service.view_of(job), base))

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        return await self._pools.read(lambda: self._service.cancel(job_id, self._owner(principal, job_id)))

    async def delete(self, principal: Principal, job_id: str) -> None:
        await self._pools.read(lambda: self._service.delete(job_id, self._owner(principal, job_id)))

    async def result(self, principal: Principal, job_id: str, *, may_redirect: bool = False) -> Picture | Elsewhere:
        """The painting as it is stored; or where it is, if the program may be sent there."""

        def found() -> Picture | Elsewhere:
            job = find_job(self._service, principal, job_id) if may_redirect else None
            link = self._service.link(job) if job else None
            return Elsewhere(link, job.is_in_feed) if job and link else self._stored_result(principal, job_id)

        return await self._pools.read(found)

    async def converted_result(self, principal: Principal, job_id: str, file_format: Format) -> Picture:
        """The painting in another format. It is read in its turn: requests that wait for theirs hold no painting in memory."""
        return await self._pools.convert(lambda: _converted(self._stored_result(principal, job_id), file_format))

    async def tag_of_result(self, principal: Principal, job_id: str, file_format: Format) -> tuple[str, bool]:
        """An entity tag of the painting in another format, found without converting it, and whether everybody may see it."""

        def found() -> tuple[str, bool]:
            stored = self._stored_result(principal, job_id)
            return entity_tag(file_format.encode() + stored.data), stored.is_public

        return await self._pools.read(found)

    async def timelapse(self, principal: Principal, job_id: str) -> bytes | None:
        """The film of how the job's painting emerged; None when there is none."""
        return await self._pools.read(lambda: self._service.timelapse(job_id, self._owner(principal, job_id)))

    async def media(self, key: str, until: int | None, signature: str | None, *, may_redirect: bool) -> Picture | Elsewhere:
        """As `Media.picture`."""
        return await self._pools.read(lambda: self._media.picture(key, until, signature, may_redirect=may_redirect))

    async def styles(self) -> tuple[StyleEntry, ...]:
        return await self._pools.read(self._service.styles)

    async def images(self, page: PageRequest, base: str) -> PageAnswer:
        """A page of the gallery, newest first."""
        found = await self._pools.read(self._service.feed, page.limit, parse_cursor(page.cursor))
        return PageAnswer.of(found, base, self._service.public_url)

    async def _submitted_before(self, principal: Principal, submission: Request) -> Job | None:
        if submission.requestId is not None:
            with suppress(UnknownJob):
                job = await self._pools.read(find_job, self._service, principal, submission.requestId)
                return job if job.owner else None
        return None

    def _check_quota(self, principal: Principal) -> None:
        if principal.owner is None:
            self._addresses.check(principal.address, self._is_active)
        else:
            self._service.check_quota(principal.owner, principal.quota)

    def _submit(self, principal: Principal, submission: Request, job_id: str, base: str, accept: Callable[[str], Job]) -> Job:
        is_counted = principal.owner is None
        with self._addresses.counted(principal.address, job_id, self._is_active) if is_counted else nullcontext():
            job = accept(job_id)
        self._store_webhook(submission, job, base)
        return job

    def _accept(self, principal: Principal, submission: Submission | SocketSubmission, job_id: str) -> Job:
        order = submission.order(submission.image, self._limits, job_id)
        return self._service.submit(principal.owner_of(job_id), order, principal.quota)

    def _accept_larger(self, principal: Principal, parent: str, wanted: LargerRequest, job_id: str) -> Job:
        owner = principal.owner_of(job_id)
        order = LargerOrder(wanted.size, not wanted.isPrivate, token_of(job_id), job_id, owner)
        return self._service.larger(parent, self._owner(principal, parent), order, Sender(principal.quota))

    def _store_webhook(self, submission: Request, job: Job, base: str) -> None:
        """Also when the same job is submitted again: a gateway may have died between storing the job and its webhook.

        Not for a job that has ended: repeated submissions must not make us call others repeatedly.
        """
        if submission.webhook is not None and not job.state.is_terminal:
            webhook = Webhook(job.id, job.owner, submission.webhook.url, submission.webhook.secret, base)
            self._service.webhooks.put(webhook, job.created)

    def _stored_result(self, principal: Principal, job_id: str) -> Picture:
        job = find_job(self._service, principal, job_id)
        return Picture(self._service.result(job_id, job.owner), media_type(job.output_key or job.input_key), job.is_in_feed)

    def _is_active(self, job_id: str) -> bool:
        try:
            return not self._service.get(job_id, anonymous_owner(job_id)).state.is_terminal
        except PasticheError:
            return False

    def _owner(self, principal: Principal, job_id: str) -> str:
        """
        Raises:
            NotAllowed: when the program may only see the job.
        """
        owner = find_job(self._service, principal, job_id).owner
        if not owner:
            raise NotAllowed("This painting is in the gallery. Only the key that it was submitted with has access to more than that.")
        return owner


def _converted(stored: Picture, file_format: Format) -> Picture:
    return Picture(images.printable(stored.data, file_format), file_format.media_type, stored.is_public)
