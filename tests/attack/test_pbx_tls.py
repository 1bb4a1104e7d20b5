"""Attack: between the adapter and Asterisk. AMI, ARI and the phones' WebSocket by TLS, at a real Asterisk; a wrong
authority and a wrong name are refused, and it is said why."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from adapter import config, wiring
from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.ari import Ari
from adapter.errors import ConfigError, PbxUnavailable
from adapter.lab.ports import free_port
from adapter.lab.provision import Toolchain
from tests.support.lab import Lab
from tests.unit.test_config import SAMPLE


class Secure(Lab):
    """A lab whose Asterisk is reached by TLS only as far as the adapter is concerned."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        super().__init__(toolchain, folder)
        self.ca = trustme.CA()
        self.ami_port, self.ari_port = free_port(), free_port()
        issued = self.ca.issue_cert("127.0.0.1")
        pem, self.ca_file = folder / "asterisk.pem", folder / "ca.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        etc = self.pbx.folder / "etc"
        tls = f"tlsenable = yes\ntlsbindaddr = 127.0.0.1:%d\ntlscertfile = {pem}\ntlsprivatekey = {pem}\n"
        for name, port in (("manager", self.ami_port), ("http", self.ari_port)):
            path = etc / f"{name}.conf"
            path.write_text(path.read_text().replace("enabled = yes\n", "enabled = yes\n" + tls % port, 1))
        believed = f'tls_ca = "{self.ca_file}"\n'
        text = self.conf.read_text()
        text = text.replace(f"port = {self.pbx.ports.ami}\n", f"port = {self.ami_port}\ntls = true\n{believed}")
        ari = f'"https://127.0.0.1:{self.ari_port}/ari"\n{believed}'
        self.conf.write_text(text.replace(f'"{self.pbx.ari_url}"\n', ari))


@pytest.fixture(scope="module")
async def secure(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secure]:
    """That lab, with its adapter connected."""
    async with Secure(toolchain, tmp_path_factory.mktemp("secure")).running() as found:
        yield found


async def test_a_call_is_monitored_by_tls_alone(secure: Secure) -> None:
    await secure.talk("201", "101")
    await secure.phone("301")
    admin = await secure.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "silent")
    await admin.switch(monitor, "whisper")
    status, phone = await admin.post("/softphone", {})
    assert status == 200, phone
    headers = {"Origin": secure.base}
    socket = await admin.http.ws_connect(admin.base + "/sip", protocols=("sip",), headers=headers)
    assert socket.protocol == "sip"
    await socket.close()
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    log = (secure.folder / "adapter.log").read_text()
    assert str(secure.ami_port) in secure.conf.read_text()
    assert "CERTIFICATE" not in log


def settings(secure: Secure, ca: Path, host: str = "127.0.0.1") -> config.Settings:
    """The adapter's configuration, with another authority or another name of the same machine."""
    found = config.load(secure.conf)
    pbx = found.pbx[0]
    ami = pbx.ami.model_copy(update={"tls_ca": ca, "host": host})
    ari = pbx.ari.model_copy(update={"tls_ca": ca, "url": f"https://{host}:{secure.ari_port}/ari"})
    return found.model_copy(update={"pbx": [pbx.model_copy(update={"ami": ami, "ari": ari})]})


async def attempt(used: config.Settings) -> list[str]:
    """What AMI and ARI say when they can't be trusted."""
    link = wiring.link_settings(used.pbx[0])
    with pytest.raises(PbxUnavailable) as of_ami:
        await AmiConnection.open(link.ami, lambda messages: None, lambda why: None, 10)
    ari = Ari(link.ari_url, link.ari_username, link.ari_password, 10, link.ari_tls)
    with pytest.raises(PbxUnavailable) as of_ari:
        await ari.version()
    await ari.close()
    return [str(of_ami.value), str(of_ari.value)]


async def test_a_wrong_authority_is_refused(secure: Secure, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for told in await attempt(settings(secure, other)):
        assert "certificate" in told.lower(), told
        assert "authority" in told or "issuer" in told, told


async def test_a_wrong_name_is_refused(secure: Secure) -> None:
    """The certificate is for 127.0.0.1; localhost is the same machine, but nobody vouches for that."""
    for told in await attempt(settings(secure, secure.ca_file, "localhost")):
        assert "certificate" in told.lower(), told
        assert "localhost" in told, told


def test_an_authority_that_is_none_is_said(tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("nothing")
    for given, why in ((text, "contains no certificate authority"), (tmp_path / "none.pem", "can't be read")):
        path = tmp_path / "config.toml"
        path.write_text(SAMPLE.read_text().replace("tls = false", f'tls = true\ntls_ca = "{given}"'))
        with pytest.raises(ConfigError, match=why):
            wiring.link_settings(config.load(path).pbx[0])
