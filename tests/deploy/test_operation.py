"""What the templates give to those who operate a deployment: alarms, a door, a rate rule, access logs; and warm workers that scale."""

import json
from fnmatch import fnmatch
from types import SimpleNamespace
from typing import Any

import pytest

from nst.domain import Preset, mask_key, new_id, object_key, output_key_of, style_key
from nst.domain.keys import checkpoint_key, earlier_key, former_style_key, preview_key, thumbnail_keys, timelapse_key
from nst.settings import read_settings
from nst.store.aws.batch import AwsBatch
from nst.worker.cloud.cloudwatch import NAMESPACE, UNITS
from nst.worker.cloud.warm import unused_settings, warm_lanes
from nst.worker.main import _parser
from tests.support.jobs import a_job
from tests.support.templates import ENVIRONMENTS, STACKS, resource, template


def of_type(kind: str, stack: str) -> dict[str, dict[str, Any]]:
    return {name: made["Properties"] for name, made in template(stack)["Resources"].items() if made["Type"] == kind}


def environment_of(stack: str) -> dict[str, Any]:
    (container,) = resource(stack, "Task")["ContainerDefinitions"]
    return {entry["Name"]: entry["Value"] for entry in container["Environment"]}


def figures() -> dict[str, dict[str, Any]]:
    """By the alarm or policy that uses one of the studio's own."""
    alarms = {name: alarm for stack in STACKS for name, alarm in of_type("AWS::CloudWatch::Alarm", stack).items()}
    tracked = resource("workers", "ScalingByBacklog")["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    return {name: found for name, found in {**alarms, "ScalingByBacklog": tracked}.items() if found.get("Namespace") == NAMESPACE}


def test_what_is_watched_is_what_the_relay_writes() -> None:
    assert len(figures()) >= 5
    for found in figures().values():
        assert found["MetricName"] in UNITS
        assert found["Dimensions"] == [{"Name": "Deployment", "Value": {"Ref": "Environment"}}]
        assert found["Statistic"] == "Maximum", "every relay writes the same"
    assert environment_of("app")["NST_CLOUDWATCH"] == {"Ref": "Environment"}


def test_there_is_an_alarm_for_each_thing_that_goes_wrong_silently() -> None:
    watched = {found["MetricName"] for found in figures().values()}
    assert {"OldestWaitingSeconds", "Failed", "RefusedSubmits", "StoredPercent"} <= watched
    of_aws = {alarm.get("MetricName") for stack in STACKS for alarm in of_type("AWS::CloudWatch::Alarm", stack).values()}
    assert {"MemoryUtilization", "DatabaseMemoryUsagePercentage", "HealthyHostCount", "ApproximateAgeOfOldestMessage"} <= of_aws
    counted = {each["MetricStat"]["Metric"]["MetricName"] for each in resource("app", "ServerErrors")["Metrics"] if "MetricStat" in each}
    assert counted == {"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"}


def test_silence_of_the_relays_is_an_alarm() -> None:
    assert resource("app", "OldestWaiting")["TreatMissingData"] == "breaching"


def test_operators_have_a_door_that_is_closed() -> None:
    assert template("app")["Parameters"]["Door"]["Default"] == "closed"
    assert resource("app", "Service")["EnableExecuteCommand"] == {"Fn::If": ["HasDoor", True, False]}
    (statement,) = [
        each["Fn::If"][1]
        for each in resource("app", "AppRole")["Policies"][0]["PolicyDocument"]["Statement"]
        if "Fn::If" in each and each["Fn::If"][0] == "HasDoor"
    ]
    assert len(statement["Action"]) == 4


def test_a_rate_rule_and_access_logs_are_there_on_request() -> None:
    assert template("app")["Parameters"]["RequestsPerAddress"]["Default"] == 0
    assert template("app")["Resources"]["Rate"]["Condition"] == "HasRate"
    assert template("app")["Resources"]["RateOfBalancer"]["Condition"] == "HasRate"
    (rule,) = resource("app", "Rate")["Rules"]
    assert rule["Statement"]["RateBasedStatement"]["Limit"] == {"Ref": "RequestsPerAddress"}
    attributes = resource("app", "Balancer")["LoadBalancerAttributes"]
    assert {"Key": "access_logs.s3.enabled", "Value": {"Fn::If": ["HasAccessLogs", "true", "false"]}} in attributes


def test_the_app_scales_by_its_processors_and_visitors_counted_once() -> None:
    policies = of_type("AWS::ApplicationAutoScaling::ScalingPolicy", "app")
    targets = {name: policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for name, policy in policies.items()}
    assert targets == {"ScalingByCpu": 60, "ScalingByConnections": 300}


# ---- warm workers ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machines", ["gpu", "cpu"])
def test_a_warm_worker_understands_its_command_and_variables(machines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = resource("workers", "Task")["ContainerDefinitions"]
    assert container["Command"][:3] == ["python", "-m", "worker"]
    assert _parser().parse_args(container["Command"][3:]).paint
    monkeypatch.setenv("NST_REDIS_URL", "rediss+cluster://:secret@cache")
    for name, value in environment_of("workers").items():
        match value:
            case str():
                found = value
            case {"Fn::If": ["HasGpu", with_gpu, without]}:
                found = with_gpu if machines == "gpu" else without
            case {"Fn::FindInMap": [mapping, _, key]}:
                found = template("workers")["Mappings"][mapping][machines][key]
            case _:
                found = "s3://pictures" if name == "NST_OBJECTS_URL" else "imported"
        if name.startswith("NST_"):
            monkeypatch.setenv(name, found)
    settings = read_settings(**unused_settings())
    assert settings.backend == "aws"
    assert settings.device == ("cuda" if machines == "gpu" else "cpu")
    assert warm_lanes(settings) == (Preset.DRAFT, Preset.STANDARD, Preset.HIGH), "Batch paints the large ones, and folders"
    assert 60 < settings.drain_seconds < template("workers")["Mappings"]["Stops"][machines]["Stop"]


def test_the_relay_leaves_to_warm_workers_what_they_paint() -> None:
    with_warm, without = environment_of("app")["NST_BATCH_LANES"]["Fn::If"][1:]
    assert with_warm == environment_of("workers")["NST_BATCH_LANES"]
    assert without == "[]", "Batch paints all"


def test_painters_and_relay_agree_on_times_and_accept_the_same_pictures() -> None:
    app, worker = environment_of("app"), environment_of("workers")
    for name in ("NST_LEASE_SECONDS", "NST_JOB_SECONDS"):
        assert worker[name] == app[name]
    for environment in ENVIRONMENTS:
        limits = template("app")["Mappings"]["TaskLimits"][environment]
        assert int(worker["NST_MAX_BYTES"]) >= int(limits["MaxBytes"])
        assert int(worker["NST_MAX_PIXELS"]) >= int(limits["MaxPixels"])


def test_fargate_gives_two_minutes_and_no_more() -> None:
    assert template("workers")["Mappings"]["Stops"]["cpu"]["Stop"] <= 120


def test_workers_scale_by_the_backlog_of_each_and_from_none() -> None:
    tracking = resource("workers", "ScalingByBacklog")["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["CustomizedMetricSpecification"]["MetricName"] == "WarmBacklog"
    assert resource("workers", "Scaling")["MinCapacity"] == {"Ref": "Minimum"}
    assert template("workers")["Parameters"]["Minimum"]["AllowedValues"] == [0, 1]
    assert resource("workers", "Unserved")["MetricName"] == "WarmUnserved"
    assert resource("workers", "Unserved")["AlarmActions"] == [{"Ref": "FirstWorker"}]
    assert "DesiredCount" not in resource("workers", "Service")


def test_a_machine_with_a_task_is_not_taken_away_and_one_without_costs_nothing() -> None:
    provider = resource("workers", "Gpus")["AutoScalingGroupProvider"]
    assert provider["ManagedTerminationProtection"] == provider["ManagedDraining"] == "ENABLED"
    assert resource("workers", "Group")["NewInstancesProtectedFromScaleIn"] is True
    assert resource("workers", "Group")["MinSize"] == "0"


def test_warm_workers_have_no_more_rights_than_they_need() -> None:
    (container,) = resource("workers", "Task")["ContainerDefinitions"]
    assert (container["User"], container["Privileged"]) == ("1000", False)
    assert resource("workers", "LaunchTemplate")["LaunchTemplateData"]["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert resource("workers", "Task")["NetworkMode"]["Fn::If"][1] == "bridge", "not the machine's own network, where hops protect nothing"
    statements = resource("workers", "WorkerRole")["Policies"][0]["PolicyDocument"]["Statement"]
    actions = {action for each in statements for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])}
    assert not [action for action in actions if action.startswith(("batch:", "sqs:", "ssm"))]


def test_a_container_on_fargate_has_the_memory_that_its_preset_needs_and_no_more() -> None:
    """Four vCPUs have 8 GB at least."""
    with_gpu, without = environment_of("app")["NST_BATCH_MEMORY"]["Fn::If"][1:]
    assert with_gpu == "{}"
    definition = resource("jobs", "JobDefinition")["ContainerProperties"]["ResourceRequirements"]["Fn::If"][2]
    most = next(int(each["Value"]) for each in definition if each["Type"] == "MEMORY")
    assert {Preset(name): mib for name, mib in json.loads(without).items()} == dict.fromkeys(list(Preset)[:3], 8192)
    assert most == 16384


@pytest.mark.parametrize(("preset", "memory"), [(Preset.DRAFT, "8192"), (Preset.ULTRA, None)])
def test_batch_is_asked_for_that_memory(preset: Preset, memory: str | None) -> None:
    asked: dict[str, Any] = {}
    client = SimpleNamespace(submit_job=lambda **arguments: asked.update(arguments))
    AwsBatch(client, "queue", "definition", 1800.0, {Preset.DRAFT: 8192}).submit(a_job(preset=preset))
    overrides = {"resourceRequirements": [{"type": "MEMORY", "value": memory}]} if memory else None
    assert asked.get("containerOverrides") == overrides


def allowed(stack: str, role: str, action: str) -> list[str]:
    """Patterns of the keys in the bucket."""
    statements = resource(stack, role)["Policies"][0]["PolicyDocument"]["Statement"]
    granted = [each for each in statements if action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])]
    return [where["Fn::Sub"][0].removeprefix("${Arn}/") for each in granted for where in each["Resource"]]


@pytest.mark.parametrize(("stack", "role"), [("jobs", "AgentRole"), ("workers", "WorkerRole")])
def test_painters_may_read_what_they_paint_from_and_write_what_they_paint(stack: str, role: str) -> None:
    job_id = new_id()
    photos = [object_key(job_id, "input", ".jpg", public=public) for public in (True, False)]
    paintings = [output_key_of(photo) for photo in photos]
    sources = [
        *photos,
        earlier_key(job_id, ".png"),
        mask_key(job_id, 0),
        style_key(job_id, 0),
        former_style_key(job_id, 0),
        "style/ours.jpg",
    ]
    results = [*paintings, *thumbnail_keys(*photos, *paintings), preview_key(job_id), timelapse_key(job_id)]
    checkpoint = checkpoint_key(job_id, 1)
    for action, keys in (("s3:GetObject", [*sources, checkpoint]), ("s3:PutObject", [*results, checkpoint])):
        patterns = allowed(stack, role, action)
        assert [key for key in keys if not any(fnmatch(key, pattern) for pattern in patterns)] == [], action
    forbidden = [key for key in sources if any(fnmatch(key, pattern) for pattern in allowed(stack, role, "s3:PutObject"))]
    assert forbidden == []
    assert allowed("jobs", "AgentRole", "s3:DeleteObject") == []
