"""A PBX whose dialplan has FreePBX's shape, set up by `call-monitor setup`, with the adapter beside it.

The contexts are those that FreePBX 17 generates (core 17.0.18.4, queues 17.0.1.6), cut down to what decides how a call
looks from outside: which context dials whom, through how many Local channels, with which options of Dial. Left out are
what reads FreePBX's database (call forwarding, voicemail, pins) and announcements.
"""

import subprocess
import sys
from pathlib import Path

from adapter.lab.provision import Toolchain
from tests.support.forkserver import ForkedAdapter
from tests.support.lab import Lab
from tests.support.operators import OperatorsPbx

DIALPLAN = """
[from-internal-noxfer]
include => from-internal-noxfer-custom
exten => foo,1,NoOp()

[from-internal-noxfer-custom]
exten => foo,1,NoOp()

[from-internal-xfer]
include => from-internal-custom
include => from-internal-additional

[from-internal-additional]                       ; what modules add: extensions, queues, feature codes, routes
include => ext-queues
include => app-chanspy
include => ext-group
include => ext-local
include => outrt-1

[app-chanspy]
exten => 555,1,Gosub(macro-user-callerid,s,1())
 same => n,Answer()
 same => n,ChanSpy()

[macro-user-callerid]
exten => s,1,Set(AMPUSER=${CALLERID(num)})
 same => n,Return()

[ext-local]
exten => 101,hint,PJSIP/101
exten => 102,hint,PJSIP/102
exten => _10X,1,Set(__RINGTIMER=15)
 same => n,Gosub(macro-exten-vm,s,1(novm,${EXTEN},0,0,0))
 same => n(dest),Set(__PICKUPMARK=)
 same => n,Hangup()
exten => 301,1,Gosub(macro-exten-vm,s,1(novm,301,0,0,0))
 same => n,Hangup()

[macro-exten-vm]
exten => s,1,Gosub(macro-user-callerid,s,1())
 same => n,Set(RingGroupMethod=none)
 same => n,Set(__EXTTOCALL=${ARG2})
 same => n,Set(__PICKUPMARK=${ARG2})
 same => n,Gosub(macro-dial-one,s,1(15,HhTtr,${EXTTOCALL}))
 same => n,Return()

[macro-dial-one]
exten => s,1,Set(DEXTEN=${ARG3})
 same => n,Set(DSTRING=${PJSIP_DIAL_CONTACTS(${DEXTEN})})
 same => n,GotoIf($[${LEN(${DSTRING})} = 0]?nodial)
 same => n,Gosub(dialOne-with-exten,${DEXTEN},1(${ARG1},${ARG2}))
 same => n,Return()
 same => n(nodial),Set(DIALSTATUS=CHANUNAVAIL)
 same => n,Return()

[dialOne-with-exten]
exten => _X.,1,Dial(${DSTRING},${ARG1},${ARG2}b(func-apply-sipheaders^s^1))
 same => n,Return()

[func-apply-sipheaders]
exten => s,1,NoOp()
 same => n,Return()

[ext-group]                                      ; a ring group, "ringall"
exten => 600,1,Gosub(macro-user-callerid,s,1())
 same => n,Set(__RingGroupMethod=ringall)
 same => n,Set(__NODEST=600)
 same => n,Dial(Local/101@from-internal&Local/102@from-internal,15,HhTtr)
 same => n,Hangup()

[ext-queues]
exten => 500,1,Gosub(macro-user-callerid,s,1())
 same => n,Answer()
 same => n,Set(__FROMQUEUEEXTEN=${CALLERID(number)})
 same => n,Set(__NODEST=500)
 same => n,Set(QGOSUB=sub-queue-options)
 same => n,Queue(500,tR,,,60,,,)
 same => n,Hangup()

[from-queue]
exten => 500,1,Goto(from-internal,${QAGENT},1)
exten => _.,1,Set(QAGENT=${EXTEN})
 same => n,Set(__FROMQ=true)
 same => n,GotoIf($[${LEN(${NODEST})} = 0]?hangup)
 same => n,GotoIf($[${DIALPLAN_EXISTS(from-queue,${NODEST},1)} = 1]?${NODEST},1:hangup)
 same => n(hangup),Hangup()

[outrt-1]                                        ; an outbound route for 9 and a number
exten => _9XXX,1,Gosub(macro-user-callerid,s,1())
 same => n,Gosub(macro-dialout-trunk,s,1(1,${EXTEN:1},,off))
 same => n,Hangup()

[macro-dialout-trunk]
exten => s,1,Set(DIAL_TRUNK=${ARG1})
 same => n,Set(OUTNUM=${ARG2})
 same => n,Gosub(trunk-dial-with-exten,${OUTNUM},1())
 same => n,Return()

[trunk-dial-with-exten]
exten => _X.,1,Dial(PJSIP/${OUTNUM},300,Tb(func-apply-sipheaders^s^1,(${DIAL_TRUNK})))
 same => n,Return()

[from-pstn]
include => from-pstn-custom
include => ext-did
include => from-did-direct

[from-pstn-custom]
exten => foo,1,NoOp()

[ext-did]
exten => 2025550199,1,Set(__FROM_DID=${EXTEN})
 same => n,Goto(ext-queues,500,1)
exten => 2025550600,1,Set(__FROM_DID=${EXTEN})
 same => n,Goto(ext-group,600,1)

[from-did-direct]
exten => _10X,1,Set(__FROM_DID=${EXTEN})
 same => n,Goto(ext-local,${EXTEN},1)

[bad-number]
exten => _X.,1,Hangup(1)
"""
QUEUES = """[500]
strategy = ringall
ringinuse = no
timeout = 15
member = Local/101@from-queue/n,0,Sam,hint:101@ext-local
"""


class FreePbxLab(Lab):
    """The lab of the tests with such a PBX; what connects adapter and PBX is only what the setup wrote."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        super().__init__(toolchain, folder)
        pbx = OperatorsPbx(toolchain, folder / "freepbx", freepbx=True)
        (pbx.etc / "extensions_additional.conf").write_text(DIALPLAN)
        (pbx.etc / "queues.conf").write_text(QUEUES)
        self.pbx, home = pbx, folder / "home"
        where = ["--asterisk", str(pbx.etc), "--home", str(home), "--state", str(folder / "state"), "--user", ""]
        wanted = ["--agents", "PJSIP/10?", "--codes-context", "from-internal-custom", "--no-service", "--yes"]
        done = subprocess.run(
            [sys.executable, "-m", "adapter", "setup", *where, *wanted, "--asterisk-command", "false"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.conf = home / "config.toml"
        assert self.conf.exists(), done.stdout + done.stderr
        self.conf.write_text(self.conf.read_text().replace("port = 8080", f"port = {self.http_port}", 1))
        self.adapter = ForkedAdapter(self.conf, folder / "adapter.log")
