"""What one lab has chosen no other lab chooses, until it lets go or its process is gone."""

import gc
import os
import socket
import subprocess
import sys
import warnings

import pytest

from adapter.errors import LabError
from adapter.lab import ports
from adapter.lab.claims import claim_block, claim_port

HOLD = "from adapter.lab.claims import *; import socket; held = {}; print(held is not None, flush=True); input()"
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


@pytest.mark.parametrize("what", ["claim_port(socket.SOCK_DGRAM, 65535)", "claim_block(range(29600, 30000))"])
def test_another_process_has_it_until_it_is_killed(what: str) -> None:
    claims = {
        "claim_port(socket.SOCK_DGRAM, 65535)": lambda: claim_port(socket.SOCK_DGRAM, 65535),
        "claim_block(range(29600, 30000))": lambda: claim_block(range(29800, 29804)),
    }
    command = [sys.executable, "-c", HOLD.format(what)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert claims[what]() is None
        other.kill()
        other.wait()
    assert claims[what]() is not None


def test_a_kind_and_a_port_have_one_claim_in_this_process_too() -> None:
    port, claim = ports.chosen(socket.SOCK_DGRAM)
    assert claim_port(socket.SOCK_DGRAM, port) is None
    assert claim_port(socket.SOCK_STREAM, port) is not None
    del claim
    gc.collect()
    assert claim_port(socket.SOCK_DGRAM, port) is not None


def test_a_claim_that_is_let_go_warns_of_nothing_and_leaves_no_file_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, claim = ports.chosen_block(800)
        assert len(os.listdir("/proc/self/fd")) == before + 4
        del claim
        gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_block_that_could_not_be_claimed_whole_is_not_claimed_in_part() -> None:
    start, held = ports.chosen_block(400)
    assert claim_block(range(start - 400, start + 2)) is None
    del held
    gc.collect()
    assert claim_block(range(start, start + 400)) is not None


def test_what_a_program_that_we_start_inherits_is_no_claim() -> None:
    port, claim = ports.chosen()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        del claim
        gc.collect()
        assert claim_port(socket.SOCK_STREAM, port) is not None
        child.kill()


def test_labs_that_are_started_at_once_share_no_port() -> None:
    """As many as fit beside each other, from several processes at the same moment."""
    program = (
        "import sys; from adapter.lab.ports import Ports; sys.stdin.readline()\n"
        "kept = [Ports.choose() for _ in range(4)]\n"
        "print(*(f'{p.sip}u {p.ami}t {p.http}t ' + ' '.join(f'{n}m' for n in range(p.rtp, p.rtp + p.rtp_count))"
        " for p in kept), flush=True); sys.stdin.readline()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    try:
        for one in running:
            assert one.stdin is not None
            one.stdin.write("now\n")
            one.stdin.flush()
        found = [one.stdout.readline().split() for one in running if one.stdout is not None]
    finally:
        for one in running:
            one.communicate("end\n")
    everything = [port for mine in found for port in mine]
    assert len(everything) == 4 * 4 * (3 + ports.RTP_BLOCK)
    assert len(set(everything)) == len(everything)


def test_ports_are_ours_while_nobody_listens() -> None:
    mine = ports.Ports.choose()
    assert [claim_port(kind, port) for kind, port in ((KINDS[1], mine.sip), (KINDS[0], mine.ami))] == [None, None]
    assert claim_block(range(mine.rtp, mine.rtp + 2)) is None


def test_there_may_be_none_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "BLOCKS", range(30000, 30801))  # not where labs choose theirs
    held = [ports.chosen_block(400), ports.chosen_block(200)]
    with pytest.raises(LabError, match="media ports"):
        held += [ports.chosen_block(400) for _ in range(2)]
