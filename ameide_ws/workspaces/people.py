"""What needs a person, before anything else: who is signed in, and which providers have to be connected."""

from collections.abc import Mapping
from urllib.parse import quote

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import ExternalAuth, ExternalAuthLink, Template, User
from ameide_ws.coder.refusals import link_missing
from ameide_ws.problems import NotFound
from ameide_ws.text import near, safe, word
from ameide_ws.web import openable
from ameide_ws.workspaces.wish import Wish


def greeting(coder: Coder, user: User, link: ExternalAuthLink | None) -> str:
    """Who is signed in where, in one line."""
    name = f" ({safe(user.name)})" if user.name and user.name != user.username else ""
    github = f" · GitHub {safe(link.user.login)}" if link and link.authenticated and link.user else ""
    return f"Signed in to {coder.web.origin.spoken} as {safe(user.username)}{name}{github}"


def require_links(coder: Coder, template: Template) -> None:
    """Raise LinkMissing for every provider the template needs and the person has not connected, all at once."""
    missing = [
        provider
        for provider in coder.version_external_auth(template.active_version_id)
        if not provider.authenticated and not provider.optional
    ]
    if missing:
        raise link_missing([(safe(one.display_name or one.id), _address(coder, one)) for one in missing])


def _address(coder: Coder, provider: ExternalAuth) -> str:
    """Where a provider is connected: Coder's own word for it where it leads to Coder, else the page it always has."""
    said = openable(provider.authenticate_url, coder.web.origin)
    return said or f"{coder.url}/external-auth/{quote(provider.id, safe='')}"


def require_template(coder: Coder, wish: Wish, found: Mapping[str, Template | None]) -> Template:
    """The template that was asked for. Raises NotFound with the name that was probably meant."""
    template = found[wish.template]
    if template is not None:
        return template
    names = [one.name for one in coder.templates()]
    meant = near(wish.template, names)
    named = [word(wish.name)] if wish.name else []
    listed = ", ".join(safe(name) for name in names)
    raise NotFound(
        f"there is no template “{safe(wish.template)}”",
        cause=f"you can see: {listed}" if names else "you can see no template at all",
        tries=(" ".join(["ameide-ws up", *named, "--template", word(meant or names[0])]) + wish.suffix,)
        if names
        else ("ask an administrator of Coder",),
    )
