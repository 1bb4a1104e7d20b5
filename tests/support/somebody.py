"""Somebody else with access to AMI: another program, another administrator."""

import asyncio

from tests.support.lab import Lab


async def somebody_does(lab: Lab, name: str, **fields: str) -> None:
    """One action in a session of its own, with the lab's user; it must be taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.pbx.ports.ami)
    try:
        await reader.readline()
        login = {"Username": lab.pbx.username, "Secret": lab.pbx.ami_secret, "Events": "off"}
        for action, given in (("Login", login), (name, fields)):
            lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in given.items()), "", ""]
            writer.write("\r\n".join(lines).encode())
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert b"Response: Success" in answer, answer
    finally:
        writer.close()
        await writer.wait_closed()
