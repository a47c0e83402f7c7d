"""The Helm chart as Helm renders it: valid for Kubernetes, safe, and in step with the studio's settings, commands and queue."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from nst import __version__
from nst.domain import Preset
from nst.settings import MADE_FOR_ONE_MACHINE, Settings, read_settings
from nst.store.files import FileObjects
from nst.store.redis import redis_backend
from nst.worker.main import _parser
from tests.support.helm import CHART, Refused, lint, notes, render
from tests.support.jobs import submitted
from tests.support.servers import connected

CHOSEN_BY_THE_CHART = {
    *("backend", "redis_url", "objects_url", "data_dir", "weights_dir", "own_worker"),
    *("admin_token", "secret", "api_keys"),  # from a Secret
    *("device", "drain_seconds", "metrics_port"),
    *(
        "batch_queue",
        "batch_definition",
        "batch_in_flight",
        "batch_lanes",
        "batch_memory",
        "machine_seconds",
        "done_queue_url",
        "cloudwatch",
    ),  # of AWS
    *("cdn_url", "cdn_distribution", "link_seconds"),
}
POOLS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["workers"]
SCALED = {"enabled": True, "min": 0, "max": 6, "jobsPerWorker": 1.5}
VALUES: dict[str, dict[str, Any]] = {
    "by default": {},
    "scaled, with GPUs": {
        "workers": {
            "cpu": {"scaling": SCALED, "lanes": ["draft", "standard"]},
            "gpu": {"enabled": True, "scaling": SCALED, "image": {"repository": "pastiche-cuda"}, "nodeSelector": {"gpu": "t4"}},
        },
        "settings": {"redis_prefix": "art", "disk_bytes": 2000000000000, "lease_seconds": 12.5, "origins": ["https://a.example"]},
        "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls", "annotations": {"a": "b"}},
        "networkPolicy": {"metrics": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
    },
    "all outside": {
        "redis": {"external": {"address": "redis.example:6380", "username": "studio", "cluster": True}},
        "pictures": {"s3": {"url": "s3://pictures/studio", "endpoint": "https://minio.example", "keys": True}},
        "secrets": {"existing": "own"},
        "gateway": {"enabled": False},
        "workers": {"cpu": {"scaling": SCALED}},
        "image": {"digest": "sha256:" + "a" * 64},
        "imagePullSecrets": [{"name": "registry"}],
        "extraEnv": [{"name": "NST_API_KEYS", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "keys"}}}],
    },
}
each_way = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)


def of_kind(kind: str, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the name of the part: `app`, `worker-gpu`."""
    return {
        found["metadata"]["name"].removeprefix("studio-pastiche").removeprefix("-"): found
        for found in render(**values)
        if found["kind"] == kind
    }


def pods(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: made["spec"]["template"] for kind in ("Deployment", "StatefulSet") for name, made in of_kind(kind, values).items()}


def containers(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: pod["spec"]["containers"][0] for name, pod in pods(values).items()}


def fits(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_helm_has_nothing_to_say() -> None:
    assert lint() == []


@each_way
@pytest.mark.parametrize("version", ["1.25", "1.31", "1.37"])
def test_every_object_is_valid_for_kubernetes(values: dict[str, Any], version: str) -> None:
    for made in render(**values):
        if "keda.sh" not in made["apiVersion"]:
            kubernetes_validate.validate(made, version, strict=True)


@each_way
def test_no_name_is_taken_twice(values: dict[str, Any]) -> None:
    names = [(made["kind"], made["metadata"]["name"]) for made in render(**values)]
    assert len(set(names)) == len(names)


def test_the_chart_runs_the_version_that_it_comes_with() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"] == __version__
    assert containers({})["app"]["image"] == f"pastiche:{__version__}"
    assert containers(VALUES["all outside"])["app"]["image"].endswith("pastiche@sha256:" + "a" * 64)


def test_every_setting_can_be_given_and_nothing_else() -> None:
    """A new setting belongs into values.schema.json or, if the chart chooses it itself, into the list above."""
    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["settings"]["properties"]) == set(Settings.model_fields) - CHOSEN_BY_THE_CHART
    with pytest.raises(Refused, match="queue_lenght"):
        render(settings={"queue_lenght": 5})


def settings_of(container: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the studio makes of a container's variables; Secrets have 40 characters."""
    secret = "s" * 40
    given = {each["name"]: each.get("value", secret) for each in container["env"]}
    assert len(given) == len(container["env"])
    for name, value in given.items():
        if name.startswith("NST_") and name != "NST_API_KEYS":
            assert name.removeprefix("NST_").lower() in Settings.model_fields
            monkeypatch.setenv(name, value.replace("$(REDIS_PASSWORD)", secret))
    return read_settings()


@each_way
@pytest.mark.parametrize("part", ["app", "worker-cpu"])
def test_the_studio_understands_its_variables(values: dict[str, Any], part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(containers(values)[part], monkeypatch)
    assert settings.backend == "redis"
    assert settings.queue_length == 2000
    assert (settings.admin_token is None) == (part == "worker-cpu")


def test_values_arrive_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(containers(VALUES["scaled, with GPUs"])["app"], monkeypatch)
    assert (settings.disk_bytes, settings.lease_seconds, settings.origins) == (2000000000000, 12.5, ("https://a.example",))


def test_limits_of_one_machine_that_a_fleet_outgrows_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(containers({})["app"], monkeypatch)
    for name in ("queue_length", "disk_bytes", "redis_url"):
        assert name in MADE_FOR_ONE_MACHINE
        assert getattr(settings, name) != Settings.model_fields[name].default


def test_records_and_pictures_outside_are_named_as_the_studio_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = VALUES["all outside"]
    container = containers(outside)["worker-cpu"]
    settings = settings_of(container, monkeypatch)
    assert settings.redis_url.get_secret_value() == f"rediss+cluster://studio:{'s' * 40}@redis.example:6380/0"
    assert settings.objects_url == "s3://pictures/studio"
    assert "AWS_SECRET_ACCESS_KEY" in {each["name"] for each in container["env"]}
    assert not of_kind("StatefulSet", outside)
    assert not of_kind("PersistentVolumeClaim", outside)
    assert not of_kind("Secret", outside)
    with pytest.raises(Refused, match="needs secrets"):
        render(redis={"external": {"address": "redis.example:6380"}})


@each_way
def test_pods_may_do_no_more_than_they_have_to(values: dict[str, Any]) -> None:
    for pod in pods(values).values():
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["spec"]["containers"]:
            allowed = container["securityContext"]
            assert allowed == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            assert container["resources"]["limits"]["memory"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            claims = {"data"} if container["name"] == "valkey" else set()
            assert mounted == {volume["name"] for volume in pod["spec"].get("volumes", [])} | claims


@each_way
def test_what_a_process_writes_is_below_a_volume(values: dict[str, Any]) -> None:
    for name, container in containers(values).items():
        places = [Path(mount["mountPath"]) for mount in container["volumeMounts"]]
        given = {each["name"]: each.get("value", "") for each in container["env"]}
        for variable in {"HOME", "NST_DATA_DIR", "NST_WEIGHTS_DIR"} if name != "valkey" else ():
            assert any(Path(given[variable]).is_relative_to(place) for place in places)
        if given.get("NST_OBJECTS_URL", "").startswith("file://"):
            assert any(str(place) == given["NST_OBJECTS_URL"].removeprefix("file://") for place in places)


@each_way
def test_every_part_is_probed_spared_and_shut_off(values: dict[str, Any]) -> None:
    policies = of_kind("NetworkPolicy", values)
    budgets = of_kind("PodDisruptionBudget", values)
    assert set(policies) == set(budgets) == set(pods(values))
    for name, pod in pods(values).items():
        labels = pod["metadata"]["labels"]
        for other, policy in policies.items():
            assert fits(policy["spec"]["podSelector"]["matchLabels"], labels) == (other == name)
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert fits(budgets[name]["spec"]["selector"]["matchLabels"], labels)
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(containers(values)[name])


def test_the_machines_metadata_is_out_of_reach() -> None:
    for policy in of_kind("NetworkPolicy", VALUES["all outside"]).values():
        blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
        assert "169.254.0.0/16" in next(block["except"] for block in blocks if block["cidr"] == "0.0.0.0/0")


def test_only_the_studio_and_keda_reach_the_records() -> None:
    values = VALUES["scaled, with GPUs"]
    (rule,) = of_kind("NetworkPolicy", values)["valkey"]["spec"]["ingress"]
    selectors = [peer["podSelector"]["matchLabels"] for peer in rule["from"] if "podSelector" in peer]
    reached = {name for name, pod in pods(values).items() if any(fits(found, pod["metadata"]["labels"]) for found in selectors)}
    assert reached == {"app", "gateway", "worker-cpu", "worker-gpu"}
    assert [peer["namespaceSelector"] for peer in rule["from"] if "podSelector" not in peer] == [
        {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}
    ]


@each_way
def test_services_lead_to_ports_that_are_there(values: dict[str, Any]) -> None:
    services = of_kind("Service", values)
    for name, service in services.items():
        assert fits(service["spec"]["selector"], pods(values)[name]["metadata"]["labels"])
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] in [each["name"] for each in containers(values)[name]["ports"]]
    for made in of_kind("Ingress", values).values():
        paths = made["spec"]["rules"][0]["http"]["paths"]
        called = {path["path"]: path["backend"]["service"]["name"].removeprefix("studio-pastiche-") for path in paths}
        assert called == {"/socket.io": "gateway", "/api": "gateway", "/": "app"}


@each_way
def test_workers_understand_their_command_and_have_time_to_finish(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pools = {name: pod["spec"] for name, pod in pods(values).items() if name.startswith("worker-")}
    assert pools
    for pod in pools.values():
        (container,) = pod["containers"]
        assert container["args"][:3] == ["python", "-m", "worker"]
        _parser().parse_args(container["args"][3:])
        drain = next(float(each["value"]) for each in container["env"] if each["name"] == "NST_DRAIN_SECONDS")
        assert pod["terminationGracePeriodSeconds"] > drain > 60
        assert container["ports"] == [{"name": "metrics", "containerPort": settings_of(container, monkeypatch).metrics_port}]


def test_a_pool_with_gpus_asks_for_them_and_never_paints_without() -> None:
    pod = pods(VALUES["scaled, with GPUs"])["worker-gpu"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert {"name": "NST_DEVICE", "value": "cuda"} in container["env"]
    assert container["image"] == f"pastiche-cuda:{__version__}"
    assert pod["nodeSelector"] == {"gpu": "t4"}
    assert pod["tolerations"][0]["key"] == "nvidia.com/gpu"


def triggers(scaled: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for trigger in scaled["spec"]["triggers"]:
        yield trigger["name"], trigger["metadata"]


@pytest.mark.servers
def test_keda_counts_what_waits_in_the_queue_and_what_is_painted(tmp_path: Path) -> None:
    connection = connected(prefix="art")
    backend = redis_backend(connection, FileObjects(tmp_path))
    for preset in Preset:
        submitted(backend, preset=preset)
    submitted(backend, preset=Preset.DRAFT)
    backend.queue.claim("worker", 1.0, 30, [Preset.DRAFT])
    scaled = of_kind("ScaledObject", VALUES["scaled, with GPUs"])
    counted = {pool: {name: connection.call("ZCARD", of["listName"]) for name, of in triggers(made)} for pool, made in scaled.items()}
    assert counted["worker-gpu"] == {"draft": 1, "standard": 1, "high": 1, "ultra": 1, "running": 1}
    assert counted["worker-cpu"] == {"draft": 1, "standard": 1, "running": 1}
    connection.close()


@pytest.mark.parametrize("way", ["scaled, with GPUs", "all outside"])
def test_keda_adds_up_what_it_counts_and_can_log_in(way: str) -> None:
    values = VALUES[way]
    (login,) = of_kind("TriggerAuthentication", values).values()
    (secret,) = login["spec"]["secretTargetRef"]
    assert secret["name"] == values.get("secrets", {}).get("existing", "studio-pastiche")
    for name, made in of_kind("ScaledObject", values).items():
        spec = made["spec"]
        assert spec["scaleTargetRef"]["name"] == f"studio-pastiche-{name}"
        assert set(spec["advanced"]["scalingModifiers"]["formula"].split(" + ")) == dict(triggers(made)).keys()
        assert spec["advanced"]["scalingModifiers"]["target"] == "1.5"
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (0, 6)
        assert "replicas" not in of_kind("Deployment", values)[name]["spec"], "an upgrade would set it back"
        for trigger in spec["triggers"]:
            assert trigger["authenticationRef"]["name"] == login["metadata"]["name"]
    kinds = {trigger["type"] for made in of_kind("ScaledObject", values).values() for trigger in made["spec"]["triggers"]}
    assert kinds == ({"redis-cluster"} if way == "all outside" else {"redis"})


def test_without_scaling_nothing_of_keda_is_needed() -> None:
    assert not [made for made in render() if "keda" in made["apiVersion"]]


def test_the_valkey_forgets_nothing_that_was_accepted() -> None:
    args = containers({})["valkey"]["args"]
    options = dict(zip(args[1::2], args[2::2], strict=True))
    assert options["--appendfsync"] == "always"
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--hash-max-listpack-value"] == "4096"
    assert options["--requirepass"] == "$(REDISCLI_AUTH)"
    assert of_kind("StatefulSet", {})["valkey"]["spec"]["volumeClaimTemplates"]


def test_secrets_are_made_up_kept_and_long_enough() -> None:
    (secret,) = of_kind("Secret", {}).values()
    assert set(secret["data"]) == {"redis-password", "admin-token", "secret", "cookie-secret"}
    assert len(set(secret["data"].values())) == 4
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    (given,) = of_kind("Secret", {"secrets": {"adminToken": "x" * 16}}).values()
    assert given["data"]["admin-token"] == "eHh4eHh4eHh4eHh4eHh4eA=="


def test_a_pool_of_ones_own_has_to_be_complete() -> None:
    with pytest.raises(Refused, match="scaling"):
        render(workers={"large": {"enabled": True, "device": "cuda"}})
    large = {**POOLS["gpu"], "enabled": True, "lanes": ["ultra"], "scaling": {**POOLS["gpu"]["scaling"], "enabled": True}}
    values = {"workers": {"large": large}}
    assert "--lanes=ultra" in containers(values)["worker-large"]["args"]
    (scaled,) = of_kind("ScaledObject", values).values()
    assert set(dict(triggers(scaled))) == {"ultra", "running"}


def test_the_notes_say_where_the_studio_is() -> None:
    assert "https://pastiche.example" in notes(**VALUES["scaled, with GPUs"])
    assert "studio-pastiche-app" in notes()
