// Submits a larger version of a finished painting. It works in Node and in browsers.

/**
 * Submits it, and returns the new job as JSON: `requestId`, `state`, `parent`, ... It is a job of its own, which WATCH_JOB follows.
 *
 * @param {string} server the studio's URL, as "http://localhost:8600"
 * @param {string} jobId the painting's job, which must be yours
 * @param {number} size the long side of the larger version in pixels, up to 8192
 * @param {object} [options]
 * @param {boolean} [options.isPrivate] true by default
 * @param {string} [options.requestId] submitted again, it is the same job; by default a new one
 * @param {{url: string, secret: string}} [options.webhook] called at its end
 * @param {string} [options.key] an API key
 * @throws {Error} with the sentence and the `code` of a refusal
 */
export async function submitLarger(server, jobId, size, { isPrivate = true, requestId = newId(), webhook, key } = {}) {
  const answer = await fetch(`${server.replace(/\/+$/, "")}/api/jobs/${encodeURIComponent(jobId)}/larger`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ requestId, size, isPrivate, webhook }),
  });
  const body = await answer.json().catch(() => ({ error: `The studio answered ${answer.status}.` }));
  if (!answer.ok) throw Object.assign(new Error(body.error), { code: body.code });
  return body;
}

/** An id of our own makes it safe to submit a job again: it is painted once, however often it arrives. */
export const newId = () => crypto.randomUUID().replaceAll("-", "");
