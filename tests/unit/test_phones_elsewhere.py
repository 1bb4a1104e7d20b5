"""A desk phone whose PBX is another adapter's: nobody here can be asked about it, so it is rung."""

from unittest.mock import AsyncMock

import pytest

from adapter.core.pbx import DeviceState
from adapter.core.people import Role, User
from adapter.errors import DeviceUnavailable
from adapter.monitoring.devices import Devices, Ringing, no_browsers
from adapter.monitoring.reach import Reach

BOSS = User("1", "boss", "Boss", Role.ADMINISTRATOR, extension="301", devices=("PJSIP/301",), pbx="pbx0")
WAYS = {"pbx0": "PJSIP/{extension}@to-pbx0"}


def asked(state: DeviceState) -> AsyncMock:
    """A PBX that says this of every device."""
    return AsyncMock(device_state=AsyncMock(return_value=state))


async def test_the_calls_own_pbx_is_not_asked_about_a_phone_that_it_does_not_know() -> None:
    here = asked(DeviceState.UNREGISTERED)
    found = await Devices(here, no_browsers, Reach("pbx1", WAYS, lambda pbx: None)).need("PJSIP/301", BOSS)
    assert found == Ringing("PJSIP/301@to-pbx0", "pbx0")
    here.device_state.assert_not_awaited()


async def test_its_own_pbx_is_asked_where_it_is_ours() -> None:
    devices = Devices(
        asked(DeviceState.AVAILABLE), no_browsers, Reach("pbx1", WAYS, lambda pbx: asked(DeviceState.BUSY))
    )
    with pytest.raises(DeviceUnavailable, match="in use"):
        await devices.need("PJSIP/301", BOSS)
