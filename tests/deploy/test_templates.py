"""What the linter does not see in the templates, and what went wrong with those of before."""

import asyncio
import json
import re
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tests.support.templates import ENVIRONMENTS, FOLDER, STACKS, resource, template

EVERY = [(stack, name) for stack in STACKS for name in template(stack)["Resources"]]


def found(tree: Any, name: str) -> Iterator[Any]:
    """Every value under this name, however deep."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == name:
                yield value
            yield from found(value, name)
    elif isinstance(tree, list):
        for value in tree:
            yield from found(value, name)


def of_type(kind: str) -> list[tuple[str, str]]:
    return [(stack, name) for stack, name in EVERY if template(stack)["Resources"][name]["Type"] == kind]


def statements() -> list[tuple[str, dict[str, Any]]]:
    """Also those that a condition adds."""
    lists = ((f"{stack}/{name}", listed) for stack, name in EVERY for listed in found(resource(stack, name), "Statement"))
    every = ((where, each) for where, listed in lists if isinstance(listed, list) for each in listed)
    return [(where, statement.get("Fn::If", ["", statement])[1]) for where, statement in every]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("stack", STACKS)
def test_the_linter_has_nothing_to_say(stack: str) -> None:
    assert lint((FOLDER / f"{stack}.yaml").read_text(encoding="utf-8"), config=ManualArgs(regions=["eu-central-1", "us-east-1"])) == []


def test_there_is_a_test_for_every_template() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_every_mapping_knows_every_environment(stack: str) -> None:
    assert template(stack)["Parameters"]["Environment"]["AllowedValues"] == list(ENVIRONMENTS)
    for mapping in template(stack).get("Mappings", {}).values():
        assert set(mapping) in (set(ENVIRONMENTS), {"gpu", "cpu"})
        assert len({frozenset(values) for values in mapping.values()}) == 1


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_looked_up_in_a_mapping_is_there(stack: str) -> None:
    for mapping, _, key in found(template(stack), "Fn::FindInMap"):
        assert all(key in values for values in template(stack)["Mappings"][mapping].values())


def test_every_reference_between_stacks_resolves_to_one_deployed_before() -> None:
    exported: set[str] = set()
    for stack in STACKS:
        imported = {value["Fn::Sub"] for value in found(template(stack), "Fn::ImportValue")}
        assert imported <= exported, stack
        exported |= {output["Export"]["Name"]["Fn::Sub"] for output in template(stack).get("Outputs", {}).values() if "Export" in output}


def test_known_fault_privileged_containers() -> None:
    for stack in STACKS:
        assert not any(found(template(stack), "Privileged"))
        assert not list(found(template(stack), "MountPoints"))
    container = resource("jobs", "JobDefinition")["ContainerProperties"]
    assert container["User"] == "1000"
    wanted, _ = container["ResourceRequirements"]["Fn::If"][1:]
    assert {"Type": "GPU", "Value": "1"} in wanted


def test_known_fault_an_always_on_gpu() -> None:
    environments = of_type("AWS::Batch::ComputeEnvironment")
    assert len(environments) == 4
    for stack, name in environments:
        resources = resource(stack, name)["ComputeResources"]
        assert resources["Type"].startswith("FARGATE") or resources["MinvCpus"] == 0
        assert "DesiredvCpus" not in resources


def test_known_fault_no_dead_letter_queue() -> None:
    done = resource("jobs", "DoneQueue")
    assert done["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert resource("jobs", "DeadLetters")["MessageRetentionPeriod"] > done["MessageRetentionPeriod"]
    (target,) = resource("jobs", "StateChanges")["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    alarmed = [dimension["Value"] for dimension in resource("jobs", "DeadLetterAlarm")["Dimensions"]]
    assert alarmed == [{"Fn::GetAtt": ["DeadLetters", "QueueName"]}]


def test_known_fault_a_crash_that_no_message_reports() -> None:
    pattern = resource("jobs", "StateChanges")["EventPattern"]
    assert pattern["source"] == ["aws.batch"]
    assert "FAILED" in pattern["detail"]["status"]
    assert pattern["detail"]["jobQueue"] == [{"Fn::If": ["HasGpu", {"Ref": "GpuQueue"}, {"Ref": "CpuQueue"}]}]
    sources = {
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
        for where, statement in statements()
        if "QueueAllowed" in where and statement["Effect"] == "Allow"
    }
    assert sources == {"StateChanges"}


@pytest.mark.parametrize(("where", "statement"), statements())
def test_no_role_is_allowed_everything(where: str, statement: dict[str, Any]) -> None:
    if statement["Effect"] == "Deny":
        return
    assert not [action for action in as_list(statement["Action"]) if "*" in action]
    assert "*" not in as_list(statement.get("Principal", {}))
    assert "AWS" not in statement.get("Principal", {})
    if "*" in as_list(statement.get("Resource", [])):
        known = ["batch:ListJobs", "batch:DescribeJobs"]
        assert statement["Action"] == known or all(action.startswith("ssmmessages:") for action in statement["Action"]), where


def test_nothing_in_the_bucket_is_public_and_all_is_encrypted() -> None:
    bucket = resource("storage", "Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]
    assert "BucketName" not in bucket, "a name is taken once in the world"
    assert "CorsConfiguration" not in bucket
    allowed = [each for each in resource("storage", "BucketPolicy")["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert [each["Principal"] for each in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert [each["Resource"] for each in allowed] == [{"Fn::Sub": "${Bucket.Arn}/public/*"}]
    assert "aws:SourceArn" in allowed[0]["Condition"]["StringEquals"]


@pytest.mark.parametrize(("stack", "policy"), [("storage", "BucketPolicy"), ("jobs", "DoneQueueAllowed"), ("jobs", "DeadLettersAllowed")])
def test_nothing_is_said_in_the_clear(stack: str, policy: str) -> None:
    denied = [each for each in resource(stack, policy)["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert resource("cache", "Valkey")["TransitEncryptionEnabled"] is True


def test_visitors_come_by_https_and_stay_with_their_task() -> None:
    assert resource("app", "Https")["Protocol"] == "HTTPS"
    assert resource("app", "Http")["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    for group in ("Pages", "Gateway"):
        attributes = {entry["Key"]: entry["Value"] for entry in resource("app", group)["TargetGroupAttributes"]}
        assert attributes["stickiness.enabled"] == "true"
        assert int(attributes["deregistration_delay.timeout_seconds"]) >= 120
    balancer = {entry["Key"]: entry["Value"] for entry in resource("app", "Balancer")["LoadBalancerAttributes"] if "Key" in entry}
    assert int(balancer["idle_timeout.timeout_seconds"]) >= 120
    assert resource("app", "GatewayPath")["Conditions"][0]["PathPatternConfig"]["Values"] == ["/socket.io/*"]
    assert resource("app", "Service")["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_the_world_reaches_the_load_balancer_alone() -> None:
    for stack, name in of_type("AWS::EC2::SecurityGroup"):
        for rule in resource(stack, name).get("SecurityGroupIngress", []):
            assert rule.get("CidrIp") != "0.0.0.0/0" or (stack, name, rule["FromPort"]) in {
                ("app", "BalancerAccess", 443),
                ("app", "BalancerAccess", 80),
            }


def test_records_are_not_thrown_away_for_want_of_memory() -> None:
    properties = resource("cache", "Parameters")["Properties"]
    assert (properties["maxmemory-policy"], properties["hash-max-listpack-value"]) == ("noeviction", "4096")
    production = template("cache")["Mappings"]["Settings"]["production"]
    assert (production["Replicas"] > 0, production["SeveralZones"]) == (True, True)


def test_what_production_has_accepted_survives_the_loss_of_a_node() -> None:
    """Durable writes ask for Valkey 9, cluster mode, TLS, several zones and no node of the burstable families."""
    valkey, production = resource("cache", "Valkey"), template("cache")["Mappings"]["Settings"]["production"]
    assert production["Durability"] == "sync"
    assert not production["Type"].startswith("cache.t")
    assert (valkey["Engine"], valkey["EngineVersion"], valkey["ClusterMode"]) == ("valkey", "9.0", "enabled")
    assert resource("cache", "Parameters")["CacheParameterGroupFamily"] == "valkey9"
    assert resource("cache", "Parameters")["Properties"]["cluster-enabled"] == "yes"
    assert valkey["NumNodeGroups"] == 1, "the studio's keys are in one slot"
    assert valkey["TransitEncryptionEnabled"] is True


def test_the_app_speaks_to_the_records_as_to_a_cluster() -> None:
    url = resource("cache", "Url")["SecretString"]["Fn::Sub"]
    assert url.startswith("rediss+cluster://:{{resolve:secretsmanager:")
    assert "${Valkey.ConfigurationEndPoint.Address}:6379" in url


def test_records_can_begin_with_a_snapshot() -> None:
    assert resource("cache", "Valkey")["SnapshotName"] == {"Fn::If": ["IsRestored", {"Ref": "RestoreFrom"}, {"Ref": "AWS::NoValue"}]}
    assert template("cache")["Resources"]["Valkey"]["DeletionPolicy"] == "Snapshot"


def test_a_new_image_changes_nothing_that_another_stack_imports() -> None:
    """CloudFormation refuses to change an export that is imported, and every revision of a definition has an ARN of its own."""
    for stack in STACKS:
        revised = {
            name for name, made in template(stack)["Resources"].items() if made["Type"].endswith(("JobDefinition", "TaskDefinition"))
        }
        exported = [output["Value"] for output in template(stack).get("Outputs", {}).values() if "Export" in output]
        named = {*found(exported, "Ref"), *(name for name, _ in found(exported, "Fn::GetAtt"))}
        assert not named & revised
    assert template("jobs")["Outputs"]["JobDefinition"]["Value"] == resource("jobs", "JobDefinition")["JobDefinitionName"]


def test_nothing_that_another_stack_imports_depends_on_the_kind_of_machines() -> None:
    for stack in STACKS:
        conditional = {name for name, made in template(stack)["Resources"].items() if "Condition" in made}
        exported = [output["Value"] for output in template(stack).get("Outputs", {}).values() if "Export" in output]
        choices = [each for each in found(exported, "Fn::If") if each[0] != "HasNat"]  # of the environment, which never changes
        assert not choices
        assert not {*found(exported, "Ref"), *(name for name, _ in found(exported, "Fn::GetAtt"))} & conditional


@pytest.mark.parametrize(("stack", "name"), [found for found in of_type("AWS::CloudWatch::Alarm") if found[0] != "workers"])
def test_every_alarm_is_heard_by_somebody(stack: str, name: str) -> None:
    assert resource(stack, name)["AlarmActions"]["Fn::If"][:2] == ["HasAlarmTopic", [{"Ref": "AlarmTopic"}]]
    (deployed,) = re.findall(rf"^stack {stack}\b.*(?:\\\n.*)?$", (FOLDER / "deploy.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert '"AlarmTopic=$alarms"' in deployed


def test_only_the_load_balancer_may_name_the_callers_address() -> None:
    """Else all programs are one address with one quota, and pages of the studio's own address are of a foreign origin."""
    (container,) = resource("app", "Task")["ContainerDefinitions"]
    (trusted,) = [entry["Value"] for entry in container["Environment"] if entry["Name"] == "FORWARDED_ALLOW_IPS"]
    assert trusted == resource("network", "Vpc")["CidrBlock"]
    scope = {"type": "http", "client": ("10.20.3.4", 1), "scheme": "http"}
    forwarded = [(b"x-forwarded-for", b"192.0.2.66, 192.0.2.1"), (b"x-forwarded-proto", b"https")]
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))

    asyncio.run(ProxyHeadersMiddleware(app, trusted)({**scope, "headers": forwarded}, None, None))  # type: ignore[arg-type]
    assert seen == [("192.0.2.1", "https")], "the last address is the balancer's word; what stands before it is the caller's own"


def test_images_are_named_by_what_they_hold() -> None:
    for stack, name in (("jobs", "AgentImage"), ("app", "AppImage")):
        pattern = template(stack)["Parameters"][name]["AllowedPattern"]
        assert re.fullmatch(pattern, "1.dkr.ecr.eu-central-1.amazonaws.com/agent@sha256:" + "a" * 64)
        assert not re.fullmatch(pattern, "agent:latest")


def test_the_agents_command_is_what_it_understands_and_every_parameter_is_known() -> None:
    definition = resource("jobs", "JobDefinition")
    command = definition["ContainerProperties"]["Command"]
    assert command[:3] == ["python", "-m", "worker.batch"]
    named = {word.removeprefix("Ref::") for word in command if word.startswith("Ref::")}
    assert named - set(definition["Parameters"]) == {"contentKey", "style", "requestId"}, "what every front end gives"
    names = {entry["Name"] for entry in definition["ContainerProperties"]["Environment"]}
    assert {"IMAGE_BUCKET_NAME", "JOB_DONE_QUEUE_URL"} <= names


def test_the_apps_settings_are_settings() -> None:
    from nst.settings import Settings

    (container,) = resource("app", "Task")["ContainerDefinitions"]
    names = {entry["Name"] for entry in [*container["Environment"], *container["Secrets"]]}
    ours = {name.removeprefix("NST_").lower() for name in names if name.startswith("NST_")}
    assert ours <= set(Settings.model_fields)
    assert {"backend", "objects_url", "batch_queue", "batch_definition", "done_queue_url", "redis_url"} <= ours


def app_environment() -> dict[str, Any]:
    (container,) = resource("app", "Task")["ContainerDefinitions"]
    return {entry["Name"]: entry["Value"] for entry in container["Environment"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_setting_whose_default_is_meant_for_one_machine_is_set_by_environment(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nst.settings import MADE_FOR_ONE_MACHINE, read_settings

    monkeypatch.setenv("NST_REDIS_URL", "rediss+cluster://:secret@cache")  # a secret of the task
    for name, value in app_environment().items():
        match value:
            case {"Fn::FindInMap": [mapping, _, key]}:
                chosen = template("app")["Mappings"][mapping][environment][key]
            case {"Fn::If": [_, chosen, _]} | str(chosen):
                pass
            case {"Ref": "Environment"}:
                chosen = environment
            case _:
                chosen = "s3://pictures" if name == "NST_OBJECTS_URL" else "https://imported"
        if name.startswith("NST_"):
            monkeypatch.setenv(name, chosen)
    settings = read_settings()
    for field in set(MADE_FOR_ONE_MACHINE) - {"redis_url"}:
        mapping, _, _ = app_environment()[f"NST_{field.upper()}"]["Fn::FindInMap"]
        assert mapping in ("Limits", "TaskLimits")
    assert "machine_seconds" in settings.model_fields_set
    assert settings.disk_bytes > 10_000_000_000
    assert settings.queue_length > 100


def test_batch_says_why_there_is_no_machine_before_the_relay_gives_up() -> None:
    stuck = [values["StuckSeconds"] for values in template("jobs")["Mappings"]["Settings"].values()]
    assert int(app_environment()["NST_MACHINE_SECONDS"]) >= max(stuck)


def test_a_deployment_takes_no_tasks_from_a_fleet_that_has_grown() -> None:
    assert "DesiredCount" not in resource("app", "Service")
    assert resource("app", "Scaling")["MinCapacity"]["Fn::FindInMap"][2] == "Tasks"


def test_an_agent_on_a_gpu_machine_paints_on_the_gpu_or_fails() -> None:
    environment = {entry["Name"]: entry["Value"] for entry in resource("jobs", "JobDefinition")["ContainerProperties"]["Environment"]}
    assert environment["NST_DEVICE"] == {"Fn::If": ["HasGpu", "cuda", "cpu"]}


def test_the_agents_user_cannot_read_the_machines_metadata() -> None:
    """Batch gives containers the machine's network, where a limit of hops keeps nothing from them."""
    user = resource("jobs", "JobDefinition")["ContainerProperties"]["User"]
    data = resource("jobs", "LaunchTemplate")["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    parts = [part.get_payload() for part in message_from_string(data).walk() if part.get_content_type() == "text/x-shellscript"]
    assert [line for line in parts[0].splitlines() if f"--uid-owner {user} -d 169.254.169.254 -j REJECT" in line]


def test_deleted_private_pictures_are_gone_within_a_day() -> None:
    rules = resource("storage", "Bucket")["LifecycleConfiguration"]["Rules"]
    days = [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if rule.get("Prefix") == "private/"]
    assert days == [1]


def test_no_picture_that_a_record_may_name_ends_by_its_age() -> None:
    """Photos of paintings that were published alone, hidden paintings, masks and films are private, and as old as their paintings."""
    rules = resource("storage", "Bucket")["LifecycleConfiguration"]["Rules"]
    assert [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule or "ExpirationDate" in rule] == [
        "private/preview/",
        "private/checkpoint/",
    ]


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject"])
@pytest.mark.parametrize("stack", ["jobs", "workers"])
def test_who_paints_keeps_checkpoints_and_goes_on_from_them(stack: str, action: str) -> None:
    allowed = [each for where, each in statements() if where.startswith(f"{stack}/") and action in as_list(each["Action"])]
    places = [place["Fn::Sub"][0] for each in allowed for place in as_list(each["Resource"]) if "Fn::Sub" in place]
    assert {"${Arn}/private/checkpoint/*", "${Arn}/private/*"}.intersection(places)


def test_checkpoints_that_a_crash_left_behind_are_forgotten_within_a_day() -> None:
    rules = resource("storage", "Bucket")["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "private/checkpoint/"] == [1]


def test_no_template_has_a_secret() -> None:
    for path in FOLDER.iterdir():
        if path.is_file():
            assert not re.search(r"AKIA[0-9A-Z]{16}|\b\d{12}\b(?!.*cloudfront)", path.read_text(encoding="utf-8")), path.name
    assert json.dumps(resource("cache", "Valkey")["AuthToken"]).count("resolve:secretsmanager") == 1


def test_the_readme_names_every_stack_and_script() -> None:
    readme = (Path(FOLDER) / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        assert path.name in readme
