"""Checks of what several PBXes have to do with each other: whose phones are where, and who reaches whom. Pure."""

from collections.abc import Iterator, Sequence

from adapter import config
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.doctor.findings import Area, Finding, Remedy

AREA = Area("endpoints")


def check_phones(pbxes: Sequence[config.Pbx], people: Sequence[User]) -> list[Finding]:
    """Whether each account's PBX exists, and each supervisor's desk phone can be rung for calls at each PBX."""
    return [*_unknown(pbxes, people), *_unreached(pbxes, people), *_untold(pbxes)]


def _unknown(pbxes: Sequence[config.Pbx], people: Sequence[User]) -> Iterator[Finding]:
    known = {pbx.id for pbx in pbxes}
    lost = sorted(user.username for user in people if user.active and user.pbx is not None and user.pbx not in known)
    if lost:
        what = f"the PBX of these accounts' phones is not in the configuration: {', '.join(lost)}."
        yield AREA.wrong("phones of several PBXes", what, Remedy("Account -> Users", ("choose their PBX again",)))


def _unreached(pbxes: Sequence[config.Pbx], people: Sequence[User]) -> Iterator[Finding]:
    homes = {user.pbx for user in people if user.pbx is not None and user.device and may_monitor(user)}
    missing = [(pbx.id, home) for pbx in pbxes for home in sorted(homes) if home not in (pbx.id, *pbx.reach)]
    for here, home in missing:
        remedy = Remedy(f'[[pbx]] id = "{here}"', (f'reach = {{ {home} = "PJSIP/{{extension}}@to-{home}" }}',))
        yield AREA.warning("reach", f"desk phones of {home} can't be rung for calls at {here}.", remedy)
    if homes and not missing:
        yield AREA.ok("reach", "every supervisor's desk phone can be rung for calls at every PBX.")


def _untold(pbxes: Sequence[config.Pbx]) -> Iterator[Finding]:
    """Without their names a call over a trunk is two conversations until Asterisk has been asked about it."""
    for pbx in pbxes:
        if not pbx.trunk_patterns:
            remedy = Remedy(
                f'[[pbx]] id = "{pbx.id}"', ('trunks = ["PJSIP/to-*"]   # the endpoints to your other PBXes',)
            )
            what = f"no trunk from {pbx.id} to the other PBXes is named; leave it so if there is none."
            yield AREA.warning("trunks", what, remedy)
