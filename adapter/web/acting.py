"""For whom somebody acts: a person for themselves, a service for a supervisor whom it names."""

from adapter.core.people import Directory, User
from adapter.errors import Forbidden, Invalid
from adapter.web.principal import Principal


def acts_for(principal: Principal, directory: Directory, name: str | None) -> User:
    """Whose rights count. `name`: the supervisor that the request names. Raises Invalid and Forbidden."""
    service = principal.service
    if service is None:
        if name is not None:
            raise Forbidden("Only a service token names the supervisor whom it acts for.")
        return principal.person
    if name is None:
        raise Invalid.at("supervisor", "a service token must name whom it acts for")
    users = (directory.users.get(user_id) for user_id in service.may_act_for)
    found = next((user for user in users if user and user.username.casefold() == name.casefold()), None)
    if found is None or not found.active:
        raise Forbidden("This token may not act for that supervisor.")
    return found
