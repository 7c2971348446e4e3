"""Find plugins, index them by kind, and remember which did not load and why."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import attrs
import click
import pluggy
from attrs import Factory, define, field, frozen

from cmengine import hookspecs
from cmengine.errors import did_you_mean

GROUP = "cmengine"
_METHODS = {"goal": ("listens", "start", "step"), "reward": ("awards",), "notifier": ("send",)}
_HOOKS = {
    "goal": "register_goals",
    "reward": "register_rewards",
    "notifier": "register_notifiers",
}


@define
class Plugin:
    """One plugin as found: where it comes from, what it offers, or why it did not load."""

    name: str
    distribution: str = ""
    version: str = ""
    kinds: list[str] = Factory(list)
    error: str = ""


@frozen
class Registry:
    """Every kind that the loaded plugins offer: for each part ("goal", "reward", "notifier"),
    kind -> class.
    """

    kinds: Mapping[str, Mapping[str, type[Any]]]
    plugins: tuple[Plugin, ...]
    clashes: Mapping[tuple[str, str], str] = field(factory=dict)
    manager: pluggy.PluginManager = field(factory=lambda: pluggy.PluginManager(GROUP))

    def find(self, part: str, kind: str) -> tuple[type[Any] | None, str, str]:
        """Find the class of a kind: (class, "", "") or (None, what is wrong, what to do)."""
        if (part, kind) in self.clashes:
            return None, self.clashes[part, kind], "remove one of the two"
        if kind in self.kinds[part]:
            return self.kinds[part][kind], "", ""
        broken = [plugin for plugin in self.plugins if plugin.error]
        todo = did_you_mean(kind, self.kinds[part])
        if broken:
            names = "; ".join(f"plugin '{p.name}' did not load ({p.error})" for p in broken)
            todo = f"{todo} {names}".strip()
        return None, f"no installed plugin offers the {part} '{kind:.60}'", todo

    def add_commands(self, cli: click.Group) -> None:
        """Let the plugins add their commands; one that raises is remembered, not fatal."""
        for implementation in self.manager.hook.register_commands.get_hookimpls():
            plugin = next(p for p in self.plugins if p.name == implementation.plugin_name)
            try:
                implementation.function(**dict.fromkeys(implementation.argnames, cli))
            except (Exception, SystemExit) as error:
                plugin.error = f"register_commands raised {type(error).__name__}: {error}"


def load_plugins(*extra: ModuleType | type | object, installed: bool = True) -> Registry:
    """Load the installed plugins, and `extra` ones (modules or objects with hooks), and index them."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins: list[Plugin] = []
    if installed:
        for entry in sorted(entry_points(group=GROUP), key=lambda found: found.name):
            plugins.append(_load(manager, entry))
    for one in extra:
        name = getattr(one, "__name__", type(one).__name__)
        plugins.append(_register(manager, one, Plugin(name=name)))
    return _index(manager, plugins)


def _load(manager: pluggy.PluginManager, entry: EntryPoint) -> Plugin:
    plugin = Plugin(name=entry.name)
    if entry.dist is not None:
        plugin.distribution, plugin.version = entry.dist.name, entry.dist.version
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:
        plugin.error = f"{type(error).__name__}: {error}"
        return plugin
    return _register(manager, module, plugin)


def _register(manager: pluggy.PluginManager, module: object, plugin: Plugin) -> Plugin:
    if manager.has_plugin(plugin.name):
        plugin.name = f"{plugin.name} ({plugin.distribution or 'again'})"
    try:
        manager.register(module, name=plugin.name)
        manager.check_pending()
    except (ValueError, TypeError, pluggy.PluginValidationError) as error:
        plugin.error = _in_words(module, error)
    else:
        wrappers = [
            implementation.function.__name__
            for caller in manager.get_hookcallers(module) or []
            for implementation in caller.get_hookimpls()
            if implementation.plugin is module
            and (implementation.hookwrapper or implementation.wrapper)
        ]
        if wrappers:
            plugin.error = f"{', '.join(wrappers)} is a wrapper, which is not allowed here"
    if plugin.error and manager.is_registered(module):
        manager.unregister(module)
    return plugin


def _in_words(module: object, error: Exception) -> str:
    known = [name for name in dir(hookspecs) if name.startswith("register_")]
    for name in dir(module):
        marked = getattr(getattr(module, name, None), "cmengine_impl", None)
        if marked is not None and name not in known:
            return f"'{name}' is not a hook; {did_you_mean(name, known)}"
    return " ".join(str(error).split())


def _index(manager: pluggy.PluginManager, plugins: list[Plugin]) -> Registry:
    by_name = {plugin.name: plugin for plugin in plugins}
    kinds: dict[str, dict[str, type[Any]]] = {part: {} for part in _HOOKS}
    owner: dict[tuple[str, str], str] = {}
    clashes: dict[tuple[str, str], str] = {}
    for part, hook in _HOOKS.items():
        implementations = getattr(manager.hook, hook).get_hookimpls()
        for implementation in sorted(implementations, key=lambda found: found.plugin_name):
            plugin = by_name[implementation.plugin_name]
            classes, plugin.error = _ask(implementation.function, part, plugin.error)
            for one in classes:
                key = (part, one.kind)
                if key in owner:
                    names = sorted({owner[key], plugin.name})
                    clashes[key] = (
                        f"plugins '{names[0]}' and '{names[1]}' both offer the {part} '{one.kind}'"
                        if len(names) == 2
                        else f"plugin '{plugin.name}' offers the {part} '{one.kind}' twice"
                    )
                    for name in names:
                        by_name[name].error = clashes[key]
                    continue
                owner[key] = plugin.name
                kinds[part][one.kind] = one
                plugin.kinds.append(f"{part} {one.kind}")
    return Registry(kinds, tuple(plugins), clashes, manager)


def _ask(function: Any, part: str, error: str) -> tuple[Iterable[type[Any]], str]:
    hook = _HOOKS[part]
    try:
        classes = list(function())
    except (Exception, SystemExit) as raised:
        return [], f"{hook} raised {type(raised).__name__}: {raised}"
    for one in classes:
        missing = [name for name in _METHODS[part] if not callable(getattr(one, name, None))]
        if not isinstance(one, type) or not attrs.has(one) or missing:
            lacks = f" with {', '.join(missing)}" if missing else ""
            return [], f"{hook}: {one!r:.80} is not an attrs class{lacks}"
        if not isinstance(getattr(one, "kind", None), str):
            return [], f'{hook}: {one.__name__} has no kind = "..." by which a rule can name it'
    return classes, error
