"""Deciding whether a request may be granted, in the contract's order; reads the live picture and changes nothing."""

from collections.abc import Sequence

from adapter import errors
from adapter.core.audit import Subject
from adapter.core.bars import PHONES, Who
from adapter.core.call import Call, CallState
from adapter.core.journal import subject_of
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, with_call
from adapter.core.people import User
from adapter.core.permissions import allowed_modes, may_monitor, monitor_survives
from adapter.core.scopes import reaches, reaches_call
from adapter.core.views import Visibility, call_view, call_visibility
from adapter.monitoring.e164 import same_number
from adapter.monitoring.ports import BROWSER, FollowRequest, Picture, StartRequest

IN_HAND = (
    "Somebody who is in a conversation has changed this account or made this token, so it can't monitor until that "
    "conversation is over."
)

NO_CALL = "There is no such call now, or none that you may see."


class Policy:
    """The rules, asked against the live picture of one PBX, or of all, as it is now."""

    def __init__(self, picture: Picture, country: str) -> None:
        self._picture = picture
        self._country = country

    def meant(self, request: StartRequest) -> tuple[Call, Subject] | None:
        """The call that a request names, if it is exactly one, whoever asks: for the record of a refusal."""
        named = self._named(request)
        if len(named) != 1:
            return None
        return named[0], subject_of(named[0], self._picture.directory.users)

    def need_pbx(self) -> None:
        """Raise PbxUnavailable unless the PBX is in sight: without it nothing is known."""
        if not self._picture.complete:
            raise errors.PbxUnavailable("The connection to the PBX is down; it is being restored. Try again soon.")

    def need_right(self, user: User) -> None:
        """Raise Forbidden unless this person may monitor at all."""
        if not may_monitor(user):
            raise errors.Forbidden("You may not monitor calls. An administrator can give you the right.")

    def start(self, user: User, request: StartRequest) -> tuple[Call, str]:
        """The call and the device of a permitted start.

        The device may turn out not to be there (`adapter.monitoring.devices`). Raises Forbidden, PbxUnavailable,
        NotFound, Ambiguous, OwnCall, Forbidden, NotMonitorable, Shielded.
        """
        self.need_right(user)
        call = self.find(user, request)
        self._not_own(user, call)
        if self._picture.in_hand(user.id, PHONES):
            raise errors.Forbidden(IN_HAND)
        if request.mode not in allowed_modes(user):
            raise errors.Forbidden(f"You may not monitor in the mode {request.mode}.")
        device = self._device(user, request.device)
        self.need_monitorable(call)
        self.need_unshielded(call)
        return call, device

    def follow(self, user: User, request: FollowRequest) -> tuple[User, str]:
        """The agent and the device of a follow that is permitted.

        Raises Forbidden, NotFound, OwnCall, Forbidden.
        """
        self.need_right(user)
        agent = self.agent(user, request)
        if agent.id == user.id:
            raise errors.OwnCall("You can't follow yourself.")
        if self._picture.in_hand(user.id, PHONES):
            raise errors.Forbidden(IN_HAND)
        return agent, self._device(user, request.device)

    def agent(self, user: User, request: FollowRequest) -> User:
        """Whom a request means, of those whom this person may see. Raises NotFound."""
        users = self._picture.directory.users
        if request.agent_id is not None:
            found = users.get(request.agent_id)
        else:
            found = next((one for one in users.values() if one.extension == request.agent_extension), None)
        if found is None or not found.active or not (found.id == user.id or reaches(user, found.id, None)):
            raise errors.NotFound("There is no such agent, or none whom you may follow.")
        return found

    def decide(self, user: User, request: StartRequest) -> Call:
        """The call that somebody may begin to monitor now. Raises as `start`, and CallNotActive."""
        call, _ = self.start(user, request)
        self.need_answered(call)
        return call

    def _device(self, user: User, wanted: str | None) -> str:
        if wanted == BROWSER:
            return BROWSER
        own = user.device or "" if wanted is None else user.own_device(wanted)
        if own is None:
            raise errors.Forbidden("You can only use a device of your own.")
        return own

    def write_about(self, user: User, call: Call) -> None:
        """Whoever may monitor a call may write about it, listening or not.

        Raises Forbidden, OwnCall, NotMonitorable, CallNotActive.
        """
        self.need_right(user)
        self._not_own(user, call)
        self.need_monitorable(call)
        self.need_answered(call)

    def need_monitorable(self, call: Call) -> None:
        """Raise NotMonitorable where nobody may monitor this call, administrators neither."""
        if not call.monitorable:
            raise errors.NotMonitorable("Nobody may monitor this call: an administrator or a program exempted it.")

    def need_unshielded(self, call: Call | None) -> None:
        """Raise Shielded while monitoring of this conversation is paused."""
        if call is not None and call.shielded:
            raise errors.Shielded("Monitoring of this call is paused. Try again when it goes on.")

    def need_answered(self, call: Call) -> None:
        """Raise CallNotActive while the call rings."""
        if call.state is CallState.RINGING:
            raise errors.CallNotActive("The call is still ringing. Monitor it after it has been answered.")

    def _not_own(self, user: User, call: Call) -> None:
        if self._picture.in_conversation(user.id, call.conversation_id):
            raise errors.OwnCall("You are or were in this conversation yourself, so you can't monitor it.")

    def find(self, user: User, request: StartRequest) -> Call:
        """The one call that a request means and this person may see.

        Raises Ambiguous; where there is none, NotFound, or PbxUnavailable while a PBX is out of sight.
        """
        seen = [call for call in self._named(request) if self._sight(user, call) is not Visibility.NOTHING]
        seen = [call for call in seen if call.state is not CallState.RINGING] or seen
        if request.agent_extension is not None:  # whoever has one on hold talks on the other
            active = [call for call in seen if call.state is CallState.ACTIVE]
            seen = active if len(active) == 1 else seen
        if not seen:
            self.need_pbx()
            raise errors.NotFound(NO_CALL)
        if len(seen) > 1:
            raise errors.Ambiguous("Several calls match. Choose one by its call_id.", calls=self._shown(user, seen))
        return seen[0]

    def _named(self, request: StartRequest) -> Sequence[Call]:
        if request.call_id is not None:
            call = self._picture.call(request.call_id)
            return [call] if call else []
        calls = self._picture.calls()
        if request.agent_extension is not None:
            return [call for call in calls if call.agent.extension == request.agent_extension]
        number = request.customer_number or ""
        return [
            call for call in calls if same_number(number, call.customer.number, self._country, call.customer.country)
        ]

    def _shown(self, user: User, calls: Sequence[Call]) -> list[object]:
        return [call_view(call, self._picture.monitors_on(call.id), self._sight(user, call)) for call in calls]

    def _sight(self, user: User, call: Call) -> Visibility:
        barred = self._picture.bars.barred(Who(user.id), call.conversation_id)
        return call_visibility(user, call, barred=barred)

    def look_again(self, user: User, monitor: Monitor) -> None:
        """While the start waited for the device and the record, the call or the right may have gone.

        Raises PbxUnavailable, NotFound (it is none of their teams' any more), Forbidden, CallEnded, OwnCall,
        NotMonitorable, Shielded.
        """
        self.need_pbx()
        current = self._picture.directory.users.get(user.id)
        call = self._picture.call(monitor.call_id)
        if current is not None and call is not None and may_monitor(current) and not reaches_call(current, call):
            raise errors.NotFound(NO_CALL)
        if not monitor_survives(current, with_call(monitor, call)):
            raise errors.Forbidden("Your right to monitor was taken away.")
        if call is None:
            raise errors.CallEnded("The call has just ended.")
        self._not_own(user, call)
        self.need_monitorable(call)
        self.need_unshielded(call)

    def need_mode(self, user: User, mode: Mode) -> None:
        """Raise Forbidden unless the account, as it is now, may do this mode."""
        current = self._picture.directory.users.get(user.id)
        if current is None or mode not in allowed_modes(current):
            raise errors.Forbidden(f"You may not monitor in the mode {mode}.")

    def need_live(self, monitor: Monitor | None) -> Monitor:
        """Raise CallEnded or NotLive unless the monitor can be switched."""
        if monitor is None or monitor.ended or monitor.ending:
            raise errors.CallEnded("This monitor has ended.")
        if not monitor.live:
            raise errors.NotLive("Your phone is still being connected. Answer it first.")
        return monitor
