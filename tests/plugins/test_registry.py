from __future__ import annotations

import pytest
from fake_distributions import add_distribution, backend_code, forget_modules, hide_backends

from ei_runner_core import BackendNotFoundError, BackendUnavailableError, PluginError, plugins


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder whose distributions are seen as installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("EI_RUNNER_DISABLE", raising=False)
    monkeypatch.delenv("EI_RUNNER_PLUGINS", raising=False)
    plugins.refresh()
    yield folder
    plugins.refresh()
    forget_modules(folder)


def row(name, kind=None):
    rows = [r for r in plugins.registry().rows if r.name == name and kind in (None, r.kind)]
    assert len(rows) == 1, rows
    return rows[0]


def test_a_good_plugin_is_listed_with_where_it_comes_from(site):
    add_distribution(site, "good", backend_code("good", [".good"]), version="2.5")
    found = row("good", "backend")
    assert (found.status, found.distribution, found.version) == ("ok", "good", "2.5")
    assert plugins.registry().backends["good"].opens == (".good",)


def test_listing_a_plugin_does_not_import_its_target(site):
    add_distribution(site, "lazy", backend_code("lazy", target="no_such_module:Backend"))
    assert row("lazy", "backend").status == "ok"
    with pytest.raises(BackendUnavailableError, match=r"'lazy' cannot be loaded: ModuleNotFound"):
        plugins.load_target(plugins.registry().backends["lazy"])


BROKEN = {
    "fails-to-import": ("import no_such_module_at_all", "its import failed: ModuleNotFoundError"),
    "exits-at-import": ("raise SystemExit(1)", "its import failed: SystemExit"),
    "syntax-error": ("def broken(:", "its import failed: SyntaxError"),
    "misspelt-hook": (
        "from ei_runner_core import hookimpl\n@hookimpl\ndef ei_runner_backend(): return []",
        "there is no hook 'ei_runner_backend'",
    ),
    "unmarked-hook": ("def ei_runner_backends(): return []", "is not marked with @hookimpl"),
    "wrong-arguments": (
        "from ei_runner_core import hookimpl\n@hookimpl\ndef ei_runner_backends(x): return []",
        "its hooks are wrong: PluginValidationError",
    ),
    "raising-hook": (
        "from ei_runner_core import hookimpl\n@hookimpl\ndef ei_runner_backends(): 1 / 0",
        "its hook ei_runner_backends failed: ZeroDivisionError",
    ),
    "not-a-spec": (
        "from ei_runner_core import hookimpl\n@hookimpl\ndef ei_runner_backends(): return 42",
        "its hook ei_runner_backends returned 42, expected BackendSpec",
    ),
    "nothing-in-it": ("", "it implements none of the hooks"),
    "newer-contract": (backend_code("newer-contract", api=2), "pip install -U ei-runner"),
    "older-contract": (backend_code("older-contract", api=0), "upgrade the plugin"),
    "bad-name": (backend_code("bad name"), "a bad name 'bad name'"),
    "bad-target": (backend_code("bad-target", target="module.Class"), "a bad target"),
    "bad-kind": (backend_code("bad-kind", kind="both"), "a bad kind 'both'"),
    "elsewhere": (backend_code("elsewhere", platforms=("plan9",)), "it runs on plan9; this is"),
}
HOOK = "from ei_runner_core import BackendSpec, hookimpl\n@hookimpl\ndef ei_runner_backends(): "
MUTE = """
class Mute(Exception):
    def __str__(self): raise RuntimeError("nothing to say")
    __repr__ = __str__
"""
BROKEN |= {
    "mute-import": (MUTE + "raise Mute", "its import failed: Mute: its message cannot be read"),
    "mute-hook": (MUTE + HOOK + "raise Mute", "failed: Mute: its message cannot be read"),
    "mute-answer": (MUTE + HOOK + "return Mute()", "returned a Mute whose repr() fails, expected"),
    "base-import": ("class Odd(BaseException): pass\nraise Odd('x')", "its import failed: Odd: x"),
    "closed-import": ("raise GeneratorExit", "its import failed: GeneratorExit"),
    "closed-hook": (HOOK + "raise GeneratorExit", "ei_runner_backends failed: GeneratorExit"),
    "midway": (
        HOOK + "\n  yield BackendSpec('midway', 'tensor', 'a:b')\n  raise BaseException('half')",
        "its hook ei_runner_backends failed: BaseException: half",
    ),
    "ghost-hook": ("def __dir__(): return ['ei_runner_x']", "none of the hooks"),
    "no-dir": ("def __dir__(): raise BaseException('closed')", "its hooks are wrong: BaseExc"),
    "no-attributes": (
        "def __dir__(): return ['ei_runner_x']\ndef __getattr__(name): raise ValueError('no')",
        "none of the hooks",
    ),
    "no-class": (
        "class Odd:\n  @property\n  def __class__(self): raise BaseException('x')\n"
        + HOOK
        + "return [Odd()]",
        "its hooks are wrong: BaseException: x",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_a_row_with_its_reason(site, name):
    code, reason = BROKEN[name]
    add_distribution(site, name, code)
    add_distribution(site, "healthy", backend_code("healthy"))
    broken = [r for r in plugins.registry().rows if r.distribution == name]
    assert [r.status in ("failed", "incompatible") for r in broken] == [True]
    assert reason in broken[0].reason
    assert "healthy" in plugins.registry().backends


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "5", "a string"),
        ("kind", "['tensor']", "a string"),
        ("target", "None", "a string"),
        ("summary", "5", "a string"),
        ("extra", "5", "a string"),
        ("opens", "None", "a tuple of strings"),
        ("opens", "5", "a tuple of strings"),
        ("opens", "(1, 2)", "a tuple of strings"),
        ("opens", "'.tflite'", "a tuple of strings"),
        ("platforms", "5", "a tuple of strings"),
        ("platforms", "(5,)", "a tuple of strings"),
        ("api", "True", "an integer"),
        ("api", "1.0", "an integer"),
        ("api", "array([1, 1])", "an integer"),
    ],
)
def test_a_field_of_a_wrong_type_is_named_with_what_was_expected(site, field, value, expected):
    fields = {"name": "'odd'", "kind": "'tensor'", "target": "'a:b'", field: value}
    arguments = ", ".join(f"{name}={text}" for name, text in fields.items())
    code = f"from numpy import array\n{HOOK}return BackendSpec({arguments})"
    add_distribution(site, "odd-plugin", code)
    [found] = [r for r in plugins.registry().rows if r.distribution == "odd-plugin"]
    assert (found.kind, found.status, found.spec) == ("backend", "failed", None)
    assert found.reason == f"its spec has a bad {field} {value}, expected {expected}"


def test_a_spec_of_another_kind_of_plugin_is_judged_as_well(site):
    code = HOOK.replace("BackendSpec", "UploaderSpec").replace("backends", "uploaders")
    add_distribution(site, "sender", code + "return UploaderSpec('sender', 'a:b', summary=5)")
    assert "a bad summary 5" in row("sender", "uploader").reason


def test_a_long_value_or_message_is_cut(site):
    add_distribution(site, "long-value", HOOK + "return 'x' * 10**6")
    add_distribution(site, "long-message", "raise ValueError('y' * 10**6)")
    assert "x" * 190 in row("long-value").reason
    assert len(row("long-value").reason) < 300
    assert len(row("long-message").reason) < 500


@pytest.mark.parametrize("code", ["raise KeyboardInterrupt", HOOK + "raise KeyboardInterrupt"])
def test_control_c_is_not_a_fault_of_the_plugin(site, code):
    add_distribution(site, "slow", code)
    with pytest.raises(KeyboardInterrupt):
        plugins.registry()


def test_all_broken_plugins_at_once_disturb_nobody(site):
    for name, (code, _) in BROKEN.items():
        add_distribution(site, name, code)
    add_distribution(site, "healthy", backend_code("healthy"))
    assert {"raw", "flatten", "image"} <= set(plugins.registry().preprocessors)
    assert "healthy" in plugins.registry().backends
    assert not set(BROKEN) & set(plugins.registry().backends)


def test_asking_for_a_broken_backend_tells_what_is_wrong(site):
    add_distribution(site, "broken", "import no_such_module_at_all")
    with pytest.raises(BackendUnavailableError, match="'broken' cannot be used: its import failed"):
        plugins.registry().backend("broken")


def test_two_plugins_of_one_name_are_a_conflict_and_neither_wins(site):
    add_distribution(site, "acme-a", backend_code("acme"))
    add_distribution(site, "acme-b", backend_code("acme"))
    rows = [r for r in plugins.registry().rows if r.name == "acme"]
    assert [r.status for r in rows] == ["conflict", "conflict"]
    with pytest.raises(PluginError, match=r"also offered by acme-b; .*EI_RUNNER_DISABLE=acme-b"):
        plugins.registry().backend("acme")


def test_names_that_are_compared_as_equal_are_a_conflict(site):
    add_distribution(site, "acme-a", backend_code("acme-net"))
    add_distribution(site, "acme-b", backend_code("acme_net"))
    with pytest.raises(PluginError, match="is also offered by"):
        plugins.registry().backend("acme-net")


@pytest.mark.parametrize("name", ["acme-net", "Acme_Net", " ACME.NET "])
def test_a_backend_is_found_by_its_name_however_it_is_written(site, name):
    add_distribution(site, "acme", backend_code("acme-net"))
    assert plugins.registry().backend(name).name == "acme-net"


def test_a_plugin_without_a_fault_is_not_reported_as_a_broken_backend(site):
    add_distribution(site, "acme", backend_code("acme-net"))
    with pytest.raises(BackendNotFoundError, match="there is no backend 'acme'"):
        plugins.registry().backend("acme")


def test_blocking_one_of_two_resolves_the_conflict(site, monkeypatch):
    add_distribution(site, "acme-a", backend_code("acme"))
    add_distribution(site, "acme-b", backend_code("acme"))
    monkeypatch.setenv("EI_RUNNER_DISABLE", "acme-b")
    assert plugins.registry().backend("acme").name == "acme"


def test_a_plugin_cannot_take_the_name_of_a_built_in_block(site):
    add_distribution(
        site,
        "usurper",
        """
        from ei_runner_core import PreprocessorSpec, hookimpl

        @hookimpl
        def ei_runner_preprocessors():
            return [PreprocessorSpec("raw", "usurper:Raw"), PreprocessorSpec("own", "usurper:Own")]
        """,
    )
    registry = plugins.registry()
    assert registry.preprocessors["raw"].target.startswith("ei_runner_core.dsp")
    assert "own" in registry.preprocessors
    usurped = [r for r in registry.rows if r.distribution == "usurper" and r.name == "raw"]
    assert [r.status for r in usurped] == ["conflict"]


def test_a_plugin_cannot_take_the_name_of_a_built_in_uploader(site):
    hook = HOOK.replace("BackendSpec", "UploaderSpec").replace("backends", "uploaders")
    code = hook + "return [UploaderSpec(n, 'thief:Place') for n in ('edge-impulse', 'cellar')]"
    add_distribution(site, "thief", code)
    uploaders = plugins.registry().uploaders
    assert uploaders["edge-impulse"].target.startswith("ei_runner_core.uploaders.edge_impulse:")
    assert uploaders["cellar"].target == "thief:Place"
    statuses = {r.status for r in plugins.registry().rows if r.distribution == "thief" and r.spec}
    assert statuses == {"conflict", "ok"}


def test_the_built_in_uploaders_are_listed_and_never_blocked(site, monkeypatch):
    monkeypatch.setenv("EI_RUNNER_DISABLE", "*")
    for name in ("edge-impulse", "local-folder"):
        found = row(name, "uploader")
        assert (found.status, found.distribution) == ("ok", "ei-runner")
        assert found.spec.summary


@pytest.mark.parametrize("value", ["good", "GOOD", "other, good", "good-distribution", "*"])
def test_disabling_blocks_by_plugin_distribution_or_everything(site, monkeypatch, value):
    add_distribution(site, "good-distribution", backend_code("good"), entry="good")
    monkeypatch.setenv("EI_RUNNER_DISABLE", value)
    assert "good" not in plugins.registry().backends
    assert row("good").status == "disabled"
    assert "EI_RUNNER_DISABLE" in row("good").reason
    assert "raw" in plugins.registry().preprocessors


def test_disabling_one_backend_of_a_plugin_leaves_its_others(site, monkeypatch):
    add_distribution(
        site,
        "twins",
        """
        from ei_runner_core import BackendSpec, hookimpl

        @hookimpl
        def ei_runner_backends():
            yield BackendSpec("first", "tensor", "twins:First")
            yield BackendSpec("second", "tensor", "twins:Second")
        """,
    )
    monkeypatch.setenv("EI_RUNNER_DISABLE", "second")
    assert "first" in plugins.registry().backends
    assert row("second").status == "disabled"


def test_a_disabled_plugin_is_not_even_imported(site, monkeypatch, tmp_path):
    trace = tmp_path / "imported"
    add_distribution(site, "noisy", f"open({str(trace)!r}, 'w').close()")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "noisy")
    assert row("noisy").status == "disabled"
    assert not trace.exists()


@pytest.mark.parametrize(("allowed", "seen"), [("", False), ("good", True), ("other", False)])
def test_the_allow_list_lets_in_only_what_it_names(site, monkeypatch, allowed, seen):
    add_distribution(site, "good", backend_code("good"))
    monkeypatch.setenv("EI_RUNNER_PLUGINS", allowed)
    assert ("good" in plugins.registry().backends) is seen


def test_the_environment_is_read_at_every_call(site, monkeypatch):
    add_distribution(site, "good", backend_code("good"))
    assert "good" in plugins.registry().backends
    monkeypatch.setenv("EI_RUNNER_DISABLE", "good")
    assert "good" not in plugins.registry().backends
    monkeypatch.delenv("EI_RUNNER_DISABLE")
    assert "good" in plugins.registry().backends


def test_refresh_finds_what_was_installed_meanwhile(site):
    assert "late" not in plugins.registry().backends
    add_distribution(site, "late", backend_code("late"))
    plugins.refresh()
    assert "late" in plugins.registry().backends


def test_a_backend_that_is_not_installed_says_how_to_install_it(site, monkeypatch):
    hide_backends(monkeypatch)
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[qnn\]'"):
        plugins.registry().backend("qnn")


def test_an_unknown_backend_lists_what_is_installed(site):
    add_distribution(site, "good", backend_code("good"))
    with pytest.raises(BackendNotFoundError, match=r"no backend 'tensorfloss' \(installed: .*good"):
        plugins.registry().backend("tensorfloss")


@pytest.mark.parametrize("content", [b"[x]\nbad line\n", b"\xff\xfe\x00["])
def test_damaged_metadata_of_a_stranger_is_a_row_and_nothing_else(site, content):
    add_distribution(site, "good", backend_code("good", [".good"]))
    info = site / "damaged-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: damaged\nVersion: 1.0\n")
    (info / "entry_points.txt").write_bytes(content)
    plugins.refresh()

    found = plugins.registry()
    assert "good" in found.backends
    [row] = [row for row in found.rows if row.name == "damaged"]
    assert row.status == "failed"
    assert row.reason.startswith("its entry points cannot be read: ")
