// The API's types. Made from its description by `make schema`; nothing here is written by hand.

export interface paths {
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All agents whom one may see, and what they do now. Everybody sees themselves.
         * @description A wall's token sees no calls.
         */
        get: operations["list_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what, newest first. What concerns a conversation that one is in shows once that has ended. */
        get: operations["list_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The same as CSV (RFC 4180, UTF-8 with a byte order mark), however long, a page of it in memory at a time.
         * @description An apostrophe stands before what a spreadsheet would calculate, or show as another number: `'+12025550101`.
         */
        get: operations["as_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All calls that one may see, oldest first; the state of each PBX, and of the worst of them. */
        get: operations["list_calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call. While the PBX is out of sight nobody can say that a call is not there: 503. */
        get: operations["get_call"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/do-not-monitor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Nobody may monitor this conversation from now on, through transfers, until it is over. For a service's token.
         * @description For programs that know during a call that it must not be heard. Again is no change.
         */
        put: operations["exempt_call"];
        post?: never;
        /** Take that back. What numbers and people say (`/do-not-monitor`) holds on. */
        delete: operations["allow_call"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages of a call's monitors that you see: as the agent those of talks that go on, as a supervisor your own. */
        get: operations["list_call_messages"];
        put?: never;
        /**
         * Send the supervisor who talks to you a message: only the agent of the call.
         * @description 409 `not_talking` while nobody talks to you.
         */
        post: operations["send_to_supervisor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Write about a call that you may monitor, with the second of the call; a mark needs no words.
         * @description Also within half an hour after its end. Nobody in the conversation can tell that there is one. The agent sees it
         *         once the conversation has ended, and only where it is visible to them.
         */
        post: operations["write_note"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/shield": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause monitoring of the whole conversation: when this is answered, nobody hears it through us.
         * @description By the agent of the call, an administrator, or a token with the scope `shield`. Answered at a fixed time, whether
         *         anybody listened or not. Again while it holds: for as long from now on. Needs no record. 503 and 504 mean that
         *         Asterisk did not confirm it; it holds all the same, and begins to be shown as soon as that is confirmed.
         */
        post: operations["shield_call"];
        /**
         * Resume it: who paused it, as far as they did, or the agent of the call, whoever did.
         * @description Who listened listens again, silently. Where it is not paused, nothing is changed.
         */
        delete: operations["unshield_call"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has happened in a call so far, oldest first: the latest hundred entries of the call, and of its monitors.
         * @description Of monitors people see here what they see of them in the call. Those in the conversation see who whispered and
         *         joined, and when that ended (`left`). It is kept while the call runs, in memory: after a restart of the adapter it
         *         says when the call began and was answered, and what has happened since. Who may see their teams' calls only sees
         *         what happened while it was one of those.
         */
        get: operations["get_timeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/by": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The calls that another program means, as far as one may see them: for a link that opens one, and for frames.
         * @description By exactly one of the customer's number, Asterisk's linkedid or uniqueid, and the call's id; oldest first. Those
         *         that ring are among them. While the PBX is out of sight nobody can say that there are none: 503.
         *
         *         By Asterisk's own ids only services, and those who may monitor and are in no conversation: Asterisk counts with
         *         them, so who looks one's own channel up again and again would see that there was a leg between.
         */
        get: operations["calls_by"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every adapter of the installation, and who looks after which PBX; one adapter where there is one. */
        get: operations["cluster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/coaching/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Notes about an agent, their requests for help, and messages with supervisors that are kept; by username.
         * @description Without an account by the endpoint's name. Of conversations that still go on nothing. Nobody gets their own. That it
         *         was given out is in the audit.
         */
        get: operations["export_agent"];
        put?: never;
        post?: never;
        /**
         * Delete the same, for good. Of conversations that still go on nothing: ask again afterwards.
         * @description The audit stays, with who did what to whom and no words of it.
         */
        delete: operations["delete_agent"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The rules: the first whose conditions all hold decides; a call that none covers has no sound.
         * @description They hold for every call that they cover, whether anybody listens or not.
         */
        get: operations["get_consent"];
        /** Replace all rules. In force when this is answered, at another adapter a second later; for calls that run, too. */
        put: operations["put_consent"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/do-not-monitor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Numbers, beginnings of numbers, and people whom nobody may monitor, administrators neither. */
        get: operations["get_exempt"];
        /**
         * Replace them. In force when this is answered: calls with them say `monitorable: false`, and monitors end.
         * @description The whole conversation counts: whoever hears one call of it hears everybody in it. A list that is missing stays.
         */
        put: operations["put_exempt"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/embeds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A link for a frame in a CRM's page: to one call, for one supervisor, for one use within 60 seconds.
         * @description By a service token, with the rights of the supervisor whom it names. The page's origin is one of those that the
         *         configuration names. The frame may look at that call and monitor it, and nothing else.
         */
        post: operations["create_embed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/embeds/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open a link, once: the frame's own page does. The session is for an hour at most, and for that call. */
        post: operations["open_embed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A snapshot, then every change of what this person sees. A Last-Event-ID gets a new snapshot.
         * @description Events: snapshot, call.updated, call.removed, monitor.updated (`reason` where the supervisor did not ask for the
         *         mode: bridge_changed, made_safe, unrecorded), monitor.removed, monitor.ended, coach.joined, coach.left,
         *         pbx.state (of the PBX that `id` names); to supervisors also record.state (`ok`, `failing`: whether what happens
         *         can be recorded); help.updated, help.removed; follow.updated, follow.removed;
         *         to a supervisor and the agent whom they talk to, and to nobody else, message.sent. An agent's messages go with
         *         monitor.removed, which tells them that the talk is over.
         *         A wall's token is told of agents, queues and PBXes only, without customers; a frame in a CRM's page of its call
         *         only, by a new snapshot whenever something changes.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/follows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Those that are not over and that one sees, oldest first. */
        get: operations["list_follows"];
        put?: never;
        /**
         * Ring the supervisor's phone once, and let it hear each call of that agent from its answer on.
         * @description A call that runs already is the first. Between calls the phone waits, and hears nothing.
         */
        post: operations["start_follow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/follows/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One follow, also an ended one. */
        get: operations["get_follow"];
        put?: never;
        post?: never;
        /** End it; answered once the leg is gone. Again: no change. */
        delete: operations["stop_follow"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every part of the adapter, and what is wrong with it. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/help": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Those that one sees and that are not closed, oldest first.
         * @description Supervisors see those of calls that they may see, agents their own.
         */
        get: operations["list_help"];
        put?: never;
        /**
         * Ask supervisors for help in the call that you are in. Again in the same call: 200, the same request.
         * @description One that was taken is open again then, whatever became of whoever took it.
         */
        post: operations["ask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/help/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Help is no longer wanted: who asked, or an administrator. A monitor that runs goes on. */
        delete: operations["withdraw"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/help/{id}/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Come to help: the first who takes it monitors that call, others get 409 `already_taken`.
         * @description Who asked is told who comes; nobody else in the conversation is. A follow of theirs pauses for it: the phone
         *         that waits there, or listens, goes to this call, whatever `device` says, and follows again when this is over.
         */
        post: operations["take"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Those that are connecting or live and that one may see. */
        get: operations["list_monitors"];
        put?: never;
        /** Ring the supervisor's phone and let it listen. */
        post: operations["start_monitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One monitor, also an ended one. */
        get: operations["get_monitor"];
        put?: never;
        post?: never;
        /** End it; answered once the leg is gone. */
        delete: operations["stop_monitor"];
        options?: never;
        head?: never;
        /** Another mode, in place; answered once Asterisk has confirmed it. */
        patch: operations["switch_monitor"];
        trace?: never;
    };
    "/api/v1/monitors/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Messages of a monitor that runs: to its supervisor all of them, to the agent those of the talk that goes on.
         * @description Of one that has ended to its supervisor, and to administrators but the agent, where the configuration has them
         *         kept; else there are none.
         */
        get: operations["list_monitor_messages"];
        put?: never;
        /**
         * Send the agent a message, while you talk to them: only the supervisor whose monitor it is.
         * @description 409 `not_talking` while you are silent: the agent does not know of you then.
         */
        post: operations["send_to_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors/{id}/takeover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** From barge: stay with the customer and release the agent. */
        post: operations["take_over"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/monitors/stop-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End every monitor everywhere; answered once the legs are gone. Needs no record.
         * @description Monitors that one may not see (silent ones on a conversation that one is in) end too, but are not counted, not
         *         waited for, and cause no error. 504 has `stopped`, and in `monitors` those that Asterisk did not confirm in time:
         *         they end as soon as it can be reached.
         */
        post: operations["stop_all"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Those that one sees, newest first: one's own; of others, who may monitor; agents what was released to them. */
        get: operations["list_notes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of them. */
        get: operations["get_note"];
        put?: never;
        post?: never;
        /** Delete it for good: who wrote it, or an administrator. The audit keeps that there was one, and no words of it. */
        delete: operations["delete_note"];
        options?: never;
        head?: never;
        /** Change its words, or release it to the agent: who wrote it, or an administrator. */
        patch: operations["change_note"];
        trace?: never;
    };
    "/api/v1/notes/{id}/reply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** The agent answers a note that was released to them; again replaces the answer. Who sees the note sees it. */
        put: operations["reply_to_note"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All queues that one may see, and who waits in them; a wall's token sees only how many. */
        get: operations["list_queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/coaching": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The coaching that took place, by agent, supervisor, team or week: exactly what the audit adds up to.
         * @description A monitor's time counts up to the last entry about it: of what still runs, as far as its mode has changed. Who may
         *         monitor their teams' calls only gets what concerns those teams' members, and what they did themselves. What
         *         concerns oneself as an agent is in nobody's report, and what concerns a conversation that one is in counts once
         *         that has ended.
         */
        get: operations["coaching_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/coaching.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rows of the same as CSV (RFC 4180, UTF-8 with a byte order mark), safe for spreadsheets as the audit's. */
        get: operations["report_as_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/score-form": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The form in use, or a version of it. Versions are kept; scores carry the questions that were asked. */
        get: operations["get_form"];
        /** Replace the questions: a new version, unless nothing is another. A question with its id goes on as the same. */
        put: operations["put_form"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The person who is signed in, or whose token it is. */
        get: operations["who_am_i"];
        put?: never;
        /** Check name and password; begin a session. */
        post: operations["sign_in"];
        /** End the session and its streams. */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new password of one's own; the person's other sessions end. */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make the first administrator with the token that the first start printed. */
        post: operations["setup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * SIP over WebSocket (RFC 7118, subprotocol `sip`), passed on to Asterisk as it is.
         * @description Registering this page's own phone, answers to what Asterisk asks, and requests in calls that Asterisk began; all
         *         else closes the socket with 1008.
         */
        get: operations["sip"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/softphone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Credentials for this page's phone; those that the session had before are void.
         * @description It registers at the PBX that is named; otherwise where the person's desk phone does, if pages can be phones there.
         *         It can be rung for calls of that PBX.
         */
        post: operations["open_softphone"];
        /** This page is no phone any more. */
        delete: operations["close_softphone"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The teams that one supervises, by name; administrators see all (a token needs the scope admin for that). */
        get: operations["list_teams"];
        put?: never;
        /** A new team. */
        post: operations["create_team"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/teams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One team. */
        get: operations["get_team"];
        put?: never;
        post?: never;
        /** Remove a team; its people stay. What was monitored by it alone ends. */
        delete: operations["delete_team"];
        options?: never;
        head?: never;
        /** Change some fields of a team. Streams get a fresh snapshot, and monitors that nobody may start now end. */
        patch: operations["change_team"];
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All tokens, without their secrets, which nobody knows any more. */
        get: operations["list_tokens"];
        put?: never;
        /** A new token, for a user or for a service. */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Void from now on; its streams close. What it started goes on: the supervisor can end it. */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody. */
        get: operations["list_users"];
        put?: never;
        /** A new account. */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account. */
        get: operations["get_user"];
        put?: never;
        post?: never;
        /** Remove an account; what they monitor ends. */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /** Change some fields of an account. */
        patch: operations["change_user"];
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All receivers. */
        get: operations["list_webhooks"];
        put?: never;
        /** A new receiver. It is told of what happens from now on. */
        post: operations["create_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One receiver. */
        get: operations["get_webhook"];
        put?: never;
        post?: never;
        /** Remove a receiver, and with it what waits for it. */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        /** Change some fields. What waits for a disabled receiver waits until it is enabled again. */
        patch: operations["change_webhook"];
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent, newest first, and what became of it. */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send one more time, whatever became of it before. What waits behind an earlier one of its call waits on. */
        post: operations["retry_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send an event of type `ping` at once, and say what the receiver answered. */
        post: operations["ping_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures for Prometheus. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The database, and each PBX was taken up once; where there is one, AMI and ARI too. 503 names the part. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The agent whose leg of the conversation it is. */
        Agent: {
            extension: string;
            name: string;
            user_id: string | null;
        };
        /** @description What is kept, oldest first. */
        AgentDataAnswer: {
            agent: string;
            help: components["schemas"]["HelpAnswer"][];
            /** @description Their monitor_id is that of the talk, as the agent knows it. */
            messages: components["schemas"]["MessageAnswer"][];
            notes: components["schemas"]["NoteAnswer"][];
        };
        /** @description An agent's place in one queue. */
        AgentQueue: {
            /** @description From this queue, since Asterisk counts. */
            calls_taken: number;
            /** @description When the last of them ended. */
            last_call_at: string | null;
            name: string;
            pause_reason: string | null;
            paused: boolean;
        };
        /** @description All agents that the user may see; those of a PBX that is out of sight are missing. */
        Agents: {
            agents: components["schemas"]["AgentStatus"][];
        };
        /**
         * @description What an agent does.
         * @enum {string}
         */
        AgentState: "offline" | "available" | "ringing" | "on_call" | "held" | "paused" | "unknown";
        /** @description One agent at one PBX, and what they do now. A supervisor's own listening never shows. */
        AgentStatus: {
            /** @description When their account was made, where that is known. */
            account_created_at: string | null;
            call_id: string | null;
            extension: string;
            id: string;
            name: string;
            pbx: string;
            queues: components["schemas"]["AgentQueue"][];
            /** @description Since when, as far as is known. */
            since: string;
            state: components["schemas"]["AgentState"];
            team_ids: string[];
            /** @description Null for a phone without an account. */
            user_id: string | null;
        };
        /** @description The teams that one supervises; for administrators all. */
        AllTeams: {
            teams: components["schemas"]["Team"][];
        };
        /** @description POST /calls/{id}/messages. */
        AnswerBody: {
            /**
             * @description Of the talk that is answered; needed where several supervisors talk at once.
             * @default null
             */
            monitor_id?: string | null;
            text: string;
        };
        /** @description One action, done or refused. */
        AuditEntry: {
            action: string;
            actor: string;
            agent: string | null;
            agent_extension: string | null;
            agent_name: string | null;
            allowed_by: string | null;
            at: string;
            call_id: string | null;
            customer: string | null;
            id: string;
            mode: components["schemas"]["Mode"] | null;
            monitor_id: string | null;
            reason: string | null;
            result: components["schemas"]["Result"];
            supervisor: string | null;
            target: string | null;
            unsure_since: string | null;
            via: components["schemas"]["Via"];
            via_detail: string | null;
        };
        /** @description Entries, newest first. */
        AuditPage: {
            entries: components["schemas"]["AuditEntry"][];
            next_cursor: string | null;
        };
        /** @description One agent's leg of a conversation. */
        Call: {
            agent: components["schemas"]["Agent"];
            answered_at: string | null;
            barge_reaches_customer: boolean;
            conversation_id: string;
            customer: components["schemas"]["Customer"];
            direction: components["schemas"]["Direction"];
            id: string;
            /** @description Whether anybody may monitor it (Do not monitor). */
            monitorable: boolean;
            monitors: components["schemas"]["Monitor"][];
            /** @description Id of the PBX that it is at. */
            pbx: string;
            /** @description The queue that brought it to this agent. */
            queue: string | null;
            /** @description Until when monitoring of it is paused. */
            shielded_until: string | null;
            started_at: string;
            state: components["schemas"]["CallState"];
            /** @description Who talks; null where that is not known, for those in it, and for services. */
            talk: components["schemas"]["Talk"] | null;
            /** @description How long the customer waited in it, where that is known. */
            waited_seconds: number | null;
        };
        /** @description All calls that the user may see; those of a PBX that is out of sight are missing. */
        Calls: {
            calls: components["schemas"]["Call"][];
            /** @description The worst of `pbxs`. */
            pbx: components["schemas"]["PbxState"];
            pbxs: components["schemas"]["NamedPbxState"][];
        };
        /**
         * @description The state of a call.
         * @enum {string}
         */
        CallState: "ringing" | "active" | "held";
        /** @description All adapters and all PBXes. */
        Cluster: {
            members: components["schemas"]["ClusterMember"][];
            pbxs: components["schemas"]["ClusterPbx"][];
        };
        /** @description One adapter of the installation. */
        ClusterMember: {
            host: string;
            id: string;
            /** @description Ids of the PBXes that it looks after. */
            owns: string[];
            pid: number;
            /** @description When it last said that it is alive; it does so every second. */
            seen_at: string;
            started_at: string;
            version: string;
        };
        /** @description One PBX of the installation, as the answering adapter sees it. */
        ClusterPbx: {
            id: string;
            name: string;
            /** @description Id of the adapter that looks after it; null while none does. */
            owner: string | null;
            since: string;
            state: components["schemas"]["LinkState"];
        };
        /** @description A supervisor talks to the agent, or has stopped. */
        Coach: {
            call_id: string;
            mode: components["schemas"]["Mode"];
            monitor_id: string;
            supervisor: components["schemas"]["Talker"];
        };
        /** @description The report. The totals are of what is shown, each thing once. */
        CoachingReport: {
            by: components["schemas"]["GroupBy"];
            rows: components["schemas"]["ReportRow"][];
            since: string | null;
            totals: components["schemas"]["ReportSums"];
            until: string | null;
        };
        /** @description Which calls have an announcement or beeps. */
        Consent: {
            rules: components["schemas"]["RuleAnswer"][];
        };
        /** @description PUT /consent: all rules, in their order. */
        ConsentBody: {
            rules: components["schemas"]["RuleBody"][];
        };
        /** @description The other party of the call. */
        Customer: {
            name: string;
            number: string;
        };
        /** @description Deliveries, newest first. */
        Deliveries: {
            deliveries: components["schemas"]["Delivery"][];
            next_cursor: string | null;
        };
        /** @description One event for one receiver. */
        Delivery: {
            answer: string | null;
            attempts: number;
            call_id: string | null;
            happened_at: string;
            id: string;
            last_attempt_at: string | null;
            next_attempt_at: string | null;
            /** @enum {string} */
            state: "waiting" | "due" | "delivered" | "failed";
            status: number | null;
            type: string;
        };
        /**
         * @description The direction of a call, as seen from the PBX.
         * @enum {string}
         */
        Direction: "inbound" | "outbound" | "internal";
        /** @description Whom nobody may monitor. */
        DoNotMonitor: {
            numbers: string[];
            user_ids: string[];
        };
        /** @description POST /embeds. */
        EmbedBody: {
            call_id: string;
            /**
             * @description Of the page that shows the frame; may be left out where the configuration names one only.
             * @default null
             */
            origin?: string | null;
            /** @description Username of whom the frame is for; one that the token may act for. */
            supervisor: string;
        };
        /** @description The session of a frame. */
        EmbedSession: {
            call_id: string;
            /** @description When it ends at the latest. */
            ends_at: string;
            /** @description Of the page that shows the frame: the only one that may be told anything. */
            origin: string;
            /** @description For Authorization: Bearer. It is for this call alone. */
            token: string;
            user: components["schemas"]["User"];
        };
        /**
         * @description Why a monitor ended (the contract's `ended_reason`).
         * @enum {string}
         */
        EndReason: "stopped" | "supervisor_hung_up" | "call_ended" | "took_over" | "no_answer" | "busy" | "device_unavailable" | "permission_revoked" | "adapter_stopped" | "pbx_lost" | "not_monitorable" | "shielded" | "error";
        /** @description The events of `GET /events`: for each name, the type of its `data`. */
        Events: {
            "agent.removed": components["schemas"]["Gone"];
            "agent.updated": components["schemas"]["AgentStatus"];
            "call.removed": components["schemas"]["Gone"];
            "call.updated": components["schemas"]["Call"];
            "coach.joined": components["schemas"]["Coach"];
            "coach.left": components["schemas"]["Coach"];
            "follow.removed": components["schemas"]["Gone"];
            "follow.updated": components["schemas"]["FollowAnswer"];
            "help.removed": components["schemas"]["Gone"];
            "help.updated": components["schemas"]["HelpAnswer"];
            "message.sent": components["schemas"]["MessageAnswer"];
            "monitor.ended": components["schemas"]["Monitor"];
            "monitor.removed": components["schemas"]["Gone"];
            "monitor.updated": components["schemas"]["Monitor"];
            "pbx.state": components["schemas"]["NamedPbxState"];
            "queue.removed": components["schemas"]["Gone"];
            "queue.updated": components["schemas"]["QueueStatus"];
            "record.state": components["schemas"]["RecordState"];
            snapshot: components["schemas"]["Snapshot"];
        };
        /**
         * @description What hooks can be told of.
         * @enum {string}
         */
        EventType: "call.started" | "call.answered" | "call.ended" | "monitor.started" | "monitor.mode_changed" | "monitor.ended" | "do_not_monitor.changed" | "consent.changed" | "help.requested" | "help.taken" | "help.closed" | "shield.started" | "shield.ended" | "follow.started" | "follow.ended" | "note.created" | "note.changed" | "note.deleted" | "audit.head" | "agent.state_changed" | "queue.threshold";
        /** @description PUT /do-not-monitor: each list replaces the one before; one that is missing stays as it is. */
        ExemptBody: {
            /**
             * @description `+12025550101`, or the beginning of numbers: `+1202555*`.
             * @default []
             */
            numbers?: string[];
            /**
             * @description Ids of people.
             * @default []
             */
            user_ids?: string[];
        };
        /** @description An error in one field. */
        FieldError: {
            field: string;
            /**
             * @description How many are needed, or allowed at most.
             * @default null
             */
            limit?: number | null;
            message: string;
            /** @description A stable word for what is wrong, see docs/errors.md. */
            type: string;
        };
        /** @description A supervisor who follows an agent. */
        FollowAnswer: {
            agent: components["schemas"]["Agent"];
            calls: number | null;
            device: string;
            ended_at: string | null;
            ended_reason: components["schemas"]["EndReason"] | null;
            id: string;
            monitor_id: string | null;
            pbx: string;
            started_at: string;
            state: components["schemas"]["FollowState"];
            supervisor: components["schemas"]["Named"];
        };
        /** @description POST /follows. */
        FollowBody: {
            /** @description The account of whom to follow. */
            agent_user_id: string;
            /**
             * @description It ends after so many calls: 1 is the next call only. Null: after none.
             * @default null
             */
            calls?: number | null;
            /** @default null */
            device?: string | null;
            /**
             * @description For service tokens: username of the supervisor.
             * @default null
             */
            supervisor?: string | null;
        };
        /** @description Follows that are not over, oldest first. */
        FollowList: {
            follows: components["schemas"]["FollowAnswer"][];
        };
        /**
         * @description How far a follow is.
         * @enum {string}
         */
        FollowState: "connecting" | "waiting" | "listening" | "ended";
        /** @description Calls that are meant. */
        FoundCalls: {
            calls: components["schemas"]["Call"][];
        };
        /** @description A call, monitor, agent or queue that the user no longer sees. */
        Gone: {
            id: string;
        };
        /**
         * @description What each row is of.
         * @enum {string}
         */
        GroupBy: "agent" | "supervisor" | "team" | "week";
        /**
         * @description What an entry of a time line says.
         * @enum {string}
         */
        Happened: "rang" | "answered" | "held" | "resumed" | "transferred" | "listening" | "whispering" | "joined" | "silent" | "left";
        /** @description The process is running. */
        Health: {
            /** @constant */
            status: "alive";
        };
        /** @description One part, and what is wrong with it. */
        HealthPart: {
            name: string;
            /** @description Whether the adapter is not ready without it. */
            needed: boolean;
            problem: string | null;
            since: string;
            /** @enum {string} */
            state: "ok" | "failing";
        };
        /** @description Every part. */
        HealthReport: {
            parts: components["schemas"]["HealthPart"][];
            ready: boolean;
            /** @description What an administrator should know of, though all is usable. */
            remarks: string[];
        };
        /** @description An agent's request for help in a call. */
        HelpAnswer: {
            agent: components["schemas"]["Agent"];
            call_id: string;
            closed_at: string | null;
            created_at: string;
            id: string;
            note: string | null;
            pbx: string;
            state: components["schemas"]["HelpState"];
            taken_at: string | null;
            taken_by: components["schemas"]["Named"] | null;
        };
        /** @description POST /help. */
        HelpBody: {
            /**
             * @description What it is about, in a few words.
             * @default null
             */
            note?: string | null;
        };
        /** @description Requests that are not closed, oldest first. */
        HelpList: {
            help: components["schemas"]["HelpAnswer"][];
        };
        /**
         * @description How far a request is.
         * @enum {string}
         */
        HelpState: "open" | "taken" | "closed";
        /** @description A STUN or TURN server for the browser. */
        IceServer: {
            urls: string[];
        };
        /**
         * @description How the connection to a PBX is (the contract's `pbx.state`).
         * @enum {string}
         */
        LinkState: "connected" | "connecting" | "down";
        /**
         * @description Who hears it.
         * @enum {string}
         */
        Listener: "agent" | "both";
        /** @description POST /session. */
        Login: {
            password: string;
            username: string;
        };
        /** @description A message between a supervisor and the agent whom they talk to. */
        MessageAnswer: {
            at: string;
            author: components["schemas"]["Named"];
            call_id: string;
            from: components["schemas"]["Sender"];
            id: string;
            /** @description The supervisor's monitor; to the agent, the talk. */
            monitor_id: string;
            text: string;
        };
        /** @description POST /monitors/{id}/messages. */
        MessageBody: {
            text: string;
        };
        /** @description Messages, oldest first; of a monitor that runs the last 200, of one that has ended the last 1000. */
        MessageList: {
            messages: components["schemas"]["MessageAnswer"][];
        };
        /**
         * @description Who hears the supervisor: nobody, only the agent, or agent and customer.
         * @enum {string}
         */
        Mode: "silent" | "whisper" | "barge";
        /** @description One supervisor listening to one call. */
        Monitor: {
            /** @description Whether what the mode promises can be heard now: not on hold, for example. */
            audible: boolean;
            call_id: string;
            device: string | null;
            ended_at: string | null;
            ended_reason: components["schemas"]["EndReason"] | null;
            /**
             * @description Id of the follow that it belongs to.
             * @default null
             */
            follow_id?: string | null;
            id: string;
            live_at: string | null;
            mode: components["schemas"]["Mode"];
            /** @description Id of the PBX of its call. */
            pbx: string;
            /** @default null */
            reason?: components["schemas"]["Notice"] | null;
            /** @description Whether its leg is where it hears nothing, because monitoring is paused. */
            shielded: boolean;
            started_at: string | null;
            state: components["schemas"]["MonitorState"];
            supervisor: components["schemas"]["Named"];
        };
        /** @description All connecting or live monitors that the user may see. */
        Monitors: {
            monitors: components["schemas"]["Monitor"][];
        };
        /**
         * @description Whose calls somebody may see and monitor, once they may monitor at all (the contract's `scope`).
         * @enum {string}
         */
        MonitorScope: "all" | "teams";
        /**
         * @description How far a monitor is.
         * @enum {string}
         */
        MonitorState: "connecting" | "live" | "ended";
        /** @description A supervisor, as shown to others. */
        Named: {
            name: string;
            user_id: string;
        };
        /** @description The connection to one of several PBXes. */
        NamedPbxState: {
            id: string;
            name: string;
            since: string;
            state: components["schemas"]["LinkState"];
        };
        /** @description A link that can be opened once. */
        NewEmbed: {
            /** @description Until when it can be opened. */
            expires_at: string;
            /** @description For the src of an iframe. What stands behind # is a secret. */
            url: string;
        };
        /** @description A new token; its secret is never shown again. */
        NewToken: {
            created_at: string;
            created_by: string;
            expires_at: string | null;
            id: string;
            last_used_at: string | null;
            may_act_for: string[] | null;
            name: string;
            scopes: components["schemas"]["Scope"][];
            token: string;
            user: string | null;
        };
        /** @description A new receiver; its secret is never shown again. */
        NewWebhook: {
            created_at: string;
            disabled_reason: string | null;
            enabled: boolean;
            events: components["schemas"]["EventType"][];
            failing_since: string | null;
            id: string;
            secret: string;
            url: string;
        };
        /** @description A note about a call, or a mark in it. */
        NoteAnswer: {
            agent: components["schemas"]["Agent"];
            at: string;
            author: components["schemas"]["Named"];
            call_id: string;
            /** @description How long the call had been answered. */
            call_seconds: number;
            changed_at: string | null;
            customer: components["schemas"]["Customer"];
            id: string;
            mark: boolean;
            pbx: string;
            /**
             * @description For who may monitor: the operator's recording of the call.
             * @default null
             */
            recording_url?: string | null;
            /** @description What the agent answered. */
            reply: components["schemas"]["Reply"] | null;
            scores: components["schemas"]["ScoresAnswer"] | null;
            text: string | null;
            /** @description Whether the agent sees it once the conversation has ended. */
            visible_to_agent: boolean;
        };
        /** @description POST /calls/{id}/notes: words, a mark, or scores. */
        NoteBody: {
            /** @default false */
            mark?: boolean;
            /** @default null */
            scores?: components["schemas"]["ScoresBody"] | null;
            /**
             * @description May be missing for a mark.
             * @default null
             */
            text?: string | null;
            /**
             * @description The agent sees it, once the conversation has ended.
             * @default false
             */
            visible_to_agent?: boolean;
        };
        /** @description PATCH /notes/{id}: only the given fields change. */
        NotePatch: {
            /** @default false */
            mark?: boolean;
            /** @default null */
            scores?: components["schemas"]["ScoresBody"] | null;
            /** @default null */
            text?: string | null;
            /** @default false */
            visible_to_agent?: boolean;
        };
        /** @description Notes, newest first. */
        NotesPage: {
            next_cursor: string | null;
            notes: components["schemas"]["NoteAnswer"][];
        };
        /**
         * @description Why a mode changed though the supervisor did not ask (the contract's `reason` in `monitor.updated`).
         * @enum {string}
         */
        Notice: "bridge_changed" | "made_safe" | "shielded" | "unrecorded";
        /** @description The user who is signed in. */
        OneUser: {
            user: components["schemas"]["User"];
        };
        /** @description POST /embeds/session. */
        OpenBody: {
            /** @description What stands behind the # of the url. */
            link: string;
            /** @description What the url's query says. */
            origin: string;
        };
        /** @description POST /session/password. */
        PasswordChange: {
            current: string;
            /** @description At least ten characters; the commonest, repetitions, sequences and the username are refused. */
            new: string;
        };
        /** @description The connection to the PBX. */
        PbxState: {
            since: string;
            state: components["schemas"]["LinkState"];
        };
        /** @description The result of a test delivery. */
        Ping: {
            answer: string;
            delivered: boolean;
            milliseconds: number;
            status: number | null;
        };
        /** @description RFC 9457: what is wrong, and what to do about it. */
        Problem: {
            code: string;
            detail: string;
            /** @default null */
            errors?: components["schemas"]["FieldError"][] | null;
            status: number;
            title: string;
            type: string;
        };
        /** @description A question. */
        QuestionAnswer: {
            id: string;
            kind: components["schemas"]["QuestionKind"];
            text: string;
        };
        /** @description A question of the score form. */
        QuestionBody: {
            /**
             * @description Of a question that is there already; a new one has none.
             * @default null
             */
            id?: string | null;
            kind: components["schemas"]["QuestionKind"];
            text: string;
        };
        /**
         * @description What is answered to a question.
         * @enum {string}
         */
        QuestionKind: "rating" | "yes_no" | "text";
        /** @description Somebody who waits. */
        QueueCaller: {
            name: string;
            number: string;
            position: number;
            since: string;
        };
        /** @description All queues that the user may see; those of a PBX that is out of sight are missing. */
        Queues: {
            queues: components["schemas"]["QueueStatus"][];
        };
        /** @description One queue at one PBX. */
        QueueStatus: {
            abandoned: number;
            /** @description How many of its agents are in this state; the same of `on_call` and `paused`. */
            available: number;
            callers: components["schemas"]["QueueCaller"][];
            completed: number;
            id: string;
            longest_wait_since: string | null;
            name: string;
            on_call: number;
            paused: number;
            pbx: string;
            service_level_percent: number;
            waiting: number;
        };
        /** @description Whether the adapter is ready, and if not, why. */
        Ready: {
            parts: {
                [key: string]: "ok" | "failing";
            };
            ready: boolean;
        };
        /** @description Whether the database can be written. */
        RecordState: {
            since: string;
            /** @enum {string} */
            state: "ok" | "failing";
        };
        /** @description What the agent answered. */
        Reply: {
            at: string;
            text: string;
        };
        /** @description PUT /notes/{id}/reply. */
        ReplyBody: {
            text: string;
        };
        /** @description What concerns one agent, supervisor, team or week; `id` null for what concerns none. */
        ReportRow: {
            barge_seconds: number;
            /** @description Calls that were monitored. */
            calls: number;
            /** @description By supervisor: those that they took. */
            help_requests: number;
            /** @description Of the account or the team; without an account as the audit names them. */
            id: string | null;
            median_seconds_to_help: number | null;
            monitors: number;
            name: string;
            /** @description Notes and marks. */
            notes: number;
            silent_seconds: number;
            takeovers: number;
            /** @description How many of these seconds nobody can vouch for: the adapter was away, and took the monitor up again afterwards. */
            unsure_seconds: number;
            whisper_seconds: number;
        };
        /** @description What took place. Seconds to the millisecond. */
        ReportSums: {
            barge_seconds: number;
            /** @description Calls that were monitored. */
            calls: number;
            /** @description By supervisor: those that they took. */
            help_requests: number;
            median_seconds_to_help: number | null;
            monitors: number;
            /** @description Notes and marks. */
            notes: number;
            silent_seconds: number;
            takeovers: number;
            /** @description How many of these seconds nobody can vouch for: the adapter was away, and took the monitor up again afterwards. */
            unsure_seconds: number;
            whisper_seconds: number;
        };
        /**
         * @description What became of it.
         * @enum {string}
         */
        Result: "ok" | "refused" | "failed";
        /**
         * @description What a person is to the inbox.
         * @enum {string}
         */
        Role: "administrator" | "agent";
        /** @description One rule. */
        RuleAnswer: {
            direction: components["schemas"]["Direction"] | null;
            every_seconds: number | null;
            queue: string | null;
            sound: components["schemas"]["Sound"];
            team_id: string | null;
            to: components["schemas"]["Listener"];
        };
        /** @description One rule; all conditions that are given must hold. */
        RuleBody: {
            /** @default null */
            direction?: components["schemas"]["Direction"] | null;
            /**
             * @description Of beeps only; 15 if not given.
             * @default null
             */
            every_seconds?: number | null;
            /**
             * @description The queue that brought the call, in any case.
             * @default null
             */
            queue?: string | null;
            /** @description `announcement`: once, at the start. `beep`: at the start, and again and again. */
            sound: components["schemas"]["Sound"];
            /**
             * @description The agent is a member of this team.
             * @default null
             */
            team_id?: string | null;
            /**
             * @description An announcement is always for both.
             * @default both
             */
            to?: components["schemas"]["Listener"];
        };
        /**
         * @description What a token is good for.
         * @enum {string}
         */
        Scope: "monitor" | "admin" | "metrics" | "wall" | "shield";
        /** @description A question as it was asked then, and its answer. */
        ScoreAnswer: {
            id: string;
            kind: components["schemas"]["QuestionKind"];
            text: string;
            value: boolean | number | string;
        };
        /** @description A version of the form. */
        ScoreFormAnswer: {
            changed_at: string | null;
            changed_by: string | null;
            questions: components["schemas"]["QuestionAnswer"][];
            version: number;
        };
        /** @description PUT /score-form: all questions, in their order. */
        ScoreFormBody: {
            questions: components["schemas"]["QuestionBody"][];
        };
        /** @description Scores. */
        ScoresAnswer: {
            answers: components["schemas"]["ScoreAnswer"][];
            form_version: number;
        };
        /** @description Answers to the score form. */
        ScoresBody: {
            /** @description By the questions' ids: 1 to 5, true or false, or words. None takes the scores away. */
            answers: {
                [key: string]: boolean | number | string;
            };
            /** @description The version that was answered. */
            form_version: number;
        };
        /**
         * @description Whose side wrote it.
         * @enum {string}
         */
        Sender: "supervisor" | "agent";
        /** @description A team's limits. */
        SetLimits: {
            /** @description The most of the talk that may be the agent's. */
            agent_share_percent: number | null;
            /** @description The longest that a call may be on hold. */
            held_seconds: number | null;
            /** @description After how long a request for help is told again, and to others than its supervisors too. */
            help_seconds: number | null;
            /** @description The longest that one of them may wait. */
            longest_wait_seconds: number | null;
            /** @description For how many days after their account was made somebody is a new agent. */
            new_agent_days: number | null;
            /** @description The longest that a call may ring. */
            ringing_seconds: number | null;
            /** @description The least service level of a queue. */
            service_level_percent: number | null;
            /** @description The longest that neither side may say anything. */
            silence_seconds: number | null;
            /** @description The longest that both may talk at once. */
            together_seconds: number | null;
            /** @description How often a conversation may go from one person to another. */
            transferred: number | null;
            /** @description The longest that a customer may have waited in a queue before they were answered. */
            waited_seconds: number | null;
            /** @description How many callers may wait in a queue. */
            waiting: number | null;
        };
        /** @description POST /setup: the first administrator, once. */
        Setup: {
            name: string;
            /** @description At least ten characters; the commonest, repetitions, sequences and the username are refused. */
            password: string;
            token: string;
            username: string;
        };
        /** @description POST /calls/{id}/shield. */
        ShieldBody: {
            /**
             * @description For the audit and hooks.
             * @default null
             */
            reason?: string | null;
            /**
             * @description For how long; less where the agent's team allows less.
             * @default 300
             */
            seconds?: number;
        };
        /** @description Monitoring is paused. */
        ShieldedUntil: {
            shielded_until: string;
        };
        /** @description Everything that the user sees; `record` only for users who may monitor. */
        Snapshot: {
            agents: components["schemas"]["AgentStatus"][];
            calls: components["schemas"]["Call"][];
            follows: components["schemas"]["FollowAnswer"][];
            help: components["schemas"]["HelpAnswer"][];
            /** @description For how long messages are kept; 0: only until the monitor ends. */
            message_keep_days: number;
            messages: components["schemas"]["MessageAnswer"][];
            monitors: components["schemas"]["Monitor"][];
            pbx: components["schemas"]["PbxState"];
            pbxs: components["schemas"]["NamedPbxState"][];
            queues: components["schemas"]["QueueStatus"][];
            /** @default null */
            record?: components["schemas"]["RecordState"] | null;
            user: components["schemas"]["User"];
        };
        /** @description Credentials for using a page as a phone. */
        Softphone: {
            endpoint: string;
            expires_at: string;
            ice_servers: components["schemas"]["IceServer"][];
            password: string;
            pbx: string;
            sip_url: string;
        };
        /**
         * @description What a covered call has.
         * @enum {string}
         */
        Sound: "none" | "announcement" | "beep";
        /** @description POST /monitors: exactly one of the first three fields identifies the call. */
        StartBody: {
            /** @default null */
            agent_extension?: string | null;
            /** @default null */
            call_id?: string | null;
            /** @default null */
            customer_number?: string | null;
            /** @default null */
            device?: string | null;
            /** @default silent */
            mode?: components["schemas"]["Mode"];
            /**
             * @description For service tokens: username of the supervisor.
             * @default null
             */
            supervisor?: string | null;
        } & ({
            call_id: unknown;
        } | {
            agent_extension: unknown;
        } | {
            customer_number: unknown;
        });
        /** @description POST /monitors/stop-all. */
        StopAllBody: {
            /** @description Why, for the audit. */
            reason: string;
        };
        /** @description All monitoring was stopped. */
        StoppedAll: {
            /** @description How many of the monitors that you could see Asterisk confirmed as gone. */
            stopped: number;
        };
        /** @description PATCH /monitors/{id}. */
        SwitchBody: {
            mode: components["schemas"]["Mode"];
        };
        /** @description POST /help/{id}/take. */
        TakeBody: {
            /** @default null */
            device?: string | null;
            /** @default silent */
            mode?: components["schemas"]["Mode"];
        };
        /** @description Who talks in a call, by what Asterisk hears of each side; nothing of what is said. */
        Talk: {
            /** @description Percent of all the talk since then, in steps of 5. */
            agent_share: number | null;
            /** @description The same of the last two minutes. */
            recent_share: number | null;
            /** @description Since when neither side says anything, from five seconds on. */
            silent_since: string | null;
            /** @description Since when it is listened to. */
            since: string;
            /** @description Since when both talk at once, from three seconds on. */
            together_since: string | null;
        };
        /** @description The supervisor who is talking, as shown to the agent. */
        Talker: {
            name: string;
        };
        /** @description Some people and queues, and who supervises them. */
        Team: {
            id: string;
            /** @description From when on its calls and queues need somebody. Null: the usual limit holds; 0: it is not looked at. */
            limits: components["schemas"]["SetLimits"];
            /** @description Ids of the users whose calls are this team's. */
            members: string[];
            name: string;
            /** @description Names of Asterisk's queues whose calls are this team's too, in any case; at every PBX. */
            queues: string[];
            /** @description Seconds that each member may have monitoring of their own calls paused a day (UTC); null: no bound. */
            shield_seconds: number | null;
            /** @description Ids of the users who supervise it: with the scope `teams` they see and monitor these calls only. */
            supervisors: string[];
        };
        /** @description POST /teams. */
        TeamBody: {
            /**
             * @description From when on its calls and queues need somebody. Null: the usual limit holds; 0: it is not looked at.
             * @default {
             *       "held_seconds": null,
             *       "waited_seconds": null,
             *       "transferred": null,
             *       "ringing_seconds": null,
             *       "silence_seconds": null,
             *       "together_seconds": null,
             *       "agent_share_percent": null,
             *       "new_agent_days": null,
             *       "help_seconds": null,
             *       "waiting": null,
             *       "longest_wait_seconds": null,
             *       "service_level_percent": null
             *     }
             */
            limits?: components["schemas"]["TeamLimits"];
            /**
             * @description Ids of the users whose calls are this team's.
             * @default []
             */
            members?: string[];
            name: string;
            /**
             * @description Names of Asterisk's queues whose calls are this team's too, in any case; at every PBX.
             * @default []
             */
            queues?: string[];
            /**
             * @description Seconds that each member may have monitoring of their own calls paused a day (UTC); null: no bound.
             * @default null
             */
            shield_seconds?: number | null;
            /**
             * @description Ids of the users who supervise it: with the scope `teams` they see and monitor these calls only.
             * @default []
             */
            supervisors?: string[];
        };
        /** @description Limits to change. */
        TeamLimits: {
            /**
             * @description The most of the talk that may be the agent's.
             * @default null
             */
            agent_share_percent?: number | null;
            /**
             * @description The longest that a call may be on hold.
             * @default null
             */
            held_seconds?: number | null;
            /**
             * @description After how long a request for help is told again, and to others than its supervisors too.
             * @default null
             */
            help_seconds?: number | null;
            /**
             * @description The longest that one of them may wait.
             * @default null
             */
            longest_wait_seconds?: number | null;
            /**
             * @description For how many days after their account was made somebody is a new agent.
             * @default null
             */
            new_agent_days?: number | null;
            /**
             * @description The longest that a call may ring.
             * @default null
             */
            ringing_seconds?: number | null;
            /**
             * @description The least service level of a queue.
             * @default null
             */
            service_level_percent?: number | null;
            /**
             * @description The longest that neither side may say anything.
             * @default null
             */
            silence_seconds?: number | null;
            /**
             * @description The longest that both may talk at once.
             * @default null
             */
            together_seconds?: number | null;
            /**
             * @description How often a conversation may go from one person to another.
             * @default null
             */
            transferred?: number | null;
            /**
             * @description The longest that a customer may have waited in a queue before they were answered.
             * @default null
             */
            waited_seconds?: number | null;
            /**
             * @description How many callers may wait in a queue.
             * @default null
             */
            waiting?: number | null;
        };
        /** @description PATCH /teams/{id}: only the given fields change; a list replaces the one that was. */
        TeamPatch: {
            /**
             * @description From when on its calls and queues need somebody. Null: the usual limit holds; 0: it is not looked at. Only those change that are given.
             * @default {
             *       "held_seconds": null,
             *       "waited_seconds": null,
             *       "transferred": null,
             *       "ringing_seconds": null,
             *       "silence_seconds": null,
             *       "together_seconds": null,
             *       "agent_share_percent": null,
             *       "new_agent_days": null,
             *       "help_seconds": null,
             *       "waiting": null,
             *       "longest_wait_seconds": null,
             *       "service_level_percent": null
             *     }
             */
            limits?: components["schemas"]["TeamLimits"];
            /**
             * @description Ids of the users whose calls are this team's.
             * @default []
             */
            members?: string[];
            /** @default  */
            name?: string;
            /**
             * @description Names of Asterisk's queues whose calls are this team's too, in any case; at every PBX.
             * @default []
             */
            queues?: string[];
            /**
             * @description Seconds that each member may have monitoring of their own calls paused a day (UTC); null: no bound.
             * @default null
             */
            shield_seconds?: number | null;
            /**
             * @description Ids of the users who supervise it: with the scope `teams` they see and monitor these calls only.
             * @default []
             */
            supervisors?: string[];
        };
        /** @description What has happened in a call, oldest first. */
        Timeline: {
            entries: components["schemas"]["TimelineEntry"][];
        };
        /** @description Something that happened in a call. */
        TimelineEntry: {
            at: string;
            kind: components["schemas"]["Happened"];
            /** @description Who is at the far end now, or the supervisor. */
            name: string | null;
        };
        /** @description A program's token. */
        Token: {
            created_at: string;
            created_by: string;
            expires_at: string | null;
            id: string;
            last_used_at: string | null;
            may_act_for: string[] | null;
            name: string;
            scopes: components["schemas"]["Scope"][];
            user: string | null;
        };
        /** @description POST /tokens: exactly one of `user` and `may_act_for`. */
        TokenBody: {
            /** @default null */
            expires_at?: string | null;
            /** @default null */
            may_act_for?: string[] | null;
            name: string;
            /**
             * @default [
             *       "monitor"
             *     ]
             */
            scopes?: components["schemas"]["Scope"][];
            /** @default null */
            user?: string | null;
        } & ({
            user: unknown;
        } | {
            may_act_for: unknown;
        });
        /** @description All tokens. */
        Tokens: {
            tokens: components["schemas"]["Token"][];
        };
        /** @description A person with an account. */
        User: {
            active: boolean;
            can_monitor: boolean;
            /** @description The first of `devices`: the one that rings. */
            device: string | null;
            /** @description All endpoints of this person; who talks on one is in that conversation. */
            devices: string[];
            extension: string | null;
            id: string;
            modes: components["schemas"]["Mode"][];
            name: string;
            /** @description Id of the PBX at which their phone registers; null where there is one. */
            pbx: string | null;
            phone_message: boolean;
            role: components["schemas"]["Role"];
            scope: components["schemas"]["MonitorScope"];
            username: string;
        };
        /** @description POST /users. */
        UserBody: {
            /** @default false */
            can_monitor?: boolean;
            /** @default null */
            device?: string | null;
            /**
             * @description All of them; then `device` means nothing. The first rings.
             * @default null
             */
            devices?: string[] | null;
            /** @default null */
            extension?: string | null;
            /** @default null */
            modes?: components["schemas"]["Mode"][] | null;
            name: string;
            /** @description At least ten characters; the commonest, repetitions, sequences and the username are refused. */
            password: string;
            /** @default null */
            pbx?: string | null;
            /** @default true */
            phone_message?: boolean;
            /** @enum {string} */
            role: "administrator" | "agent";
            /**
             * @description Whose calls they may see and monitor: all, or those of the teams they supervise. An administrator's is all.
             * @default all
             */
            scope?: components["schemas"]["MonitorScope"];
            username: string;
        };
        /** @description PATCH /users/{id}: only the given fields change; only extension, device and pbx may be null. */
        UserPatch: {
            /** @default true */
            active?: boolean;
            /** @default false */
            can_monitor?: boolean;
            /**
             * @description Another first one of the devices; null takes it away.
             * @default null
             */
            device?: string | null;
            /**
             * @description All of them; then `device` means nothing. The first rings.
             * @default []
             */
            devices?: string[];
            /** @default null */
            extension?: string | null;
            /** @default [] */
            modes?: components["schemas"]["Mode"][];
            /** @default  */
            name?: string;
            /**
             * @description At least ten characters; the commonest, repetitions, sequences and the username are refused.
             * @default
             */
            password?: string;
            /** @default null */
            pbx?: string | null;
            /** @default true */
            phone_message?: boolean;
            /** @default agent */
            role?: components["schemas"]["Role"];
            /**
             * @description Whose calls they may see and monitor: all, or those of the teams they supervise. An administrator's is all.
             * @default all
             */
            scope?: components["schemas"]["MonitorScope"];
            /** @default  */
            username?: string;
        };
        /** @description All users. */
        Users: {
            users: components["schemas"]["User"][];
        };
        /**
         * @description The way by which something is done.
         * @enum {string}
         */
        Via: "session" | "token" | "command line" | "setup token" | "address" | "phone" | "browser" | "keypad" | "star code" | "adapter";
        /** @description A receiver of events. */
        Webhook: {
            created_at: string;
            disabled_reason: string | null;
            enabled: boolean;
            events: components["schemas"]["EventType"][];
            failing_since: string | null;
            id: string;
            url: string;
        };
        /** @description POST /webhooks. */
        WebhookBody: {
            /** @default true */
            enabled?: boolean;
            events: components["schemas"]["EventType"][];
            url: string;
        };
        /** @description PATCH /webhooks/{id}: only the given fields change. */
        WebhookPatch: {
            /** @default true */
            enabled?: boolean;
            /** @default [] */
            events?: components["schemas"]["EventType"][];
            /** @default  */
            url?: string;
        };
        /** @description All receivers. */
        Webhooks: {
            webhooks: components["schemas"]["Webhook"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Agent = components['schemas']['Agent'];
export type AgentDataAnswer = components['schemas']['AgentDataAnswer'];
export type AgentQueue = components['schemas']['AgentQueue'];
export type Agents = components['schemas']['Agents'];
export type AgentState = components['schemas']['AgentState'];
export type AgentStatus = components['schemas']['AgentStatus'];
export type AllTeams = components['schemas']['AllTeams'];
export type AnswerBody = components['schemas']['AnswerBody'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type AuditPage = components['schemas']['AuditPage'];
export type Call = components['schemas']['Call'];
export type Calls = components['schemas']['Calls'];
export type CallState = components['schemas']['CallState'];
export type Cluster = components['schemas']['Cluster'];
export type ClusterMember = components['schemas']['ClusterMember'];
export type ClusterPbx = components['schemas']['ClusterPbx'];
export type Coach = components['schemas']['Coach'];
export type CoachingReport = components['schemas']['CoachingReport'];
export type Consent = components['schemas']['Consent'];
export type ConsentBody = components['schemas']['ConsentBody'];
export type Customer = components['schemas']['Customer'];
export type Deliveries = components['schemas']['Deliveries'];
export type Delivery = components['schemas']['Delivery'];
export type Direction = components['schemas']['Direction'];
export type DoNotMonitor = components['schemas']['DoNotMonitor'];
export type EmbedBody = components['schemas']['EmbedBody'];
export type EmbedSession = components['schemas']['EmbedSession'];
export type EndReason = components['schemas']['EndReason'];
export type Events = components['schemas']['Events'];
export type EventType = components['schemas']['EventType'];
export type ExemptBody = components['schemas']['ExemptBody'];
export type FieldError = components['schemas']['FieldError'];
export type FollowAnswer = components['schemas']['FollowAnswer'];
export type FollowBody = components['schemas']['FollowBody'];
export type FollowList = components['schemas']['FollowList'];
export type FollowState = components['schemas']['FollowState'];
export type FoundCalls = components['schemas']['FoundCalls'];
export type Gone = components['schemas']['Gone'];
export type GroupBy = components['schemas']['GroupBy'];
export type Happened = components['schemas']['Happened'];
export type Health = components['schemas']['Health'];
export type HealthPart = components['schemas']['HealthPart'];
export type HealthReport = components['schemas']['HealthReport'];
export type HelpAnswer = components['schemas']['HelpAnswer'];
export type HelpBody = components['schemas']['HelpBody'];
export type HelpList = components['schemas']['HelpList'];
export type HelpState = components['schemas']['HelpState'];
export type IceServer = components['schemas']['IceServer'];
export type LinkState = components['schemas']['LinkState'];
export type Listener = components['schemas']['Listener'];
export type Login = components['schemas']['Login'];
export type MessageAnswer = components['schemas']['MessageAnswer'];
export type MessageBody = components['schemas']['MessageBody'];
export type MessageList = components['schemas']['MessageList'];
export type Mode = components['schemas']['Mode'];
export type Monitor = components['schemas']['Monitor'];
export type Monitors = components['schemas']['Monitors'];
export type MonitorScope = components['schemas']['MonitorScope'];
export type MonitorState = components['schemas']['MonitorState'];
export type Named = components['schemas']['Named'];
export type NamedPbxState = components['schemas']['NamedPbxState'];
export type NewEmbed = components['schemas']['NewEmbed'];
export type NewToken = components['schemas']['NewToken'];
export type NewWebhook = components['schemas']['NewWebhook'];
export type NoteAnswer = components['schemas']['NoteAnswer'];
export type NoteBody = components['schemas']['NoteBody'];
export type NotePatch = components['schemas']['NotePatch'];
export type NotesPage = components['schemas']['NotesPage'];
export type Notice = components['schemas']['Notice'];
export type OneUser = components['schemas']['OneUser'];
export type OpenBody = components['schemas']['OpenBody'];
export type PasswordChange = components['schemas']['PasswordChange'];
export type PbxState = components['schemas']['PbxState'];
export type Ping = components['schemas']['Ping'];
export type Problem = components['schemas']['Problem'];
export type QuestionAnswer = components['schemas']['QuestionAnswer'];
export type QuestionBody = components['schemas']['QuestionBody'];
export type QuestionKind = components['schemas']['QuestionKind'];
export type QueueCaller = components['schemas']['QueueCaller'];
export type Queues = components['schemas']['Queues'];
export type QueueStatus = components['schemas']['QueueStatus'];
export type Ready = components['schemas']['Ready'];
export type RecordState = components['schemas']['RecordState'];
export type Reply = components['schemas']['Reply'];
export type ReplyBody = components['schemas']['ReplyBody'];
export type ReportRow = components['schemas']['ReportRow'];
export type ReportSums = components['schemas']['ReportSums'];
export type Result = components['schemas']['Result'];
export type Role = components['schemas']['Role'];
export type RuleAnswer = components['schemas']['RuleAnswer'];
export type RuleBody = components['schemas']['RuleBody'];
export type Scope = components['schemas']['Scope'];
export type ScoreAnswer = components['schemas']['ScoreAnswer'];
export type ScoreFormAnswer = components['schemas']['ScoreFormAnswer'];
export type ScoreFormBody = components['schemas']['ScoreFormBody'];
export type ScoresAnswer = components['schemas']['ScoresAnswer'];
export type ScoresBody = components['schemas']['ScoresBody'];
export type Sender = components['schemas']['Sender'];
export type SetLimits = components['schemas']['SetLimits'];
export type Setup = components['schemas']['Setup'];
export type ShieldBody = components['schemas']['ShieldBody'];
export type ShieldedUntil = components['schemas']['ShieldedUntil'];
export type Snapshot = components['schemas']['Snapshot'];
export type Softphone = components['schemas']['Softphone'];
export type Sound = components['schemas']['Sound'];
export type StartBody = components['schemas']['StartBody'];
export type StopAllBody = components['schemas']['StopAllBody'];
export type StoppedAll = components['schemas']['StoppedAll'];
export type SwitchBody = components['schemas']['SwitchBody'];
export type TakeBody = components['schemas']['TakeBody'];
export type Talk = components['schemas']['Talk'];
export type Talker = components['schemas']['Talker'];
export type Team = components['schemas']['Team'];
export type TeamBody = components['schemas']['TeamBody'];
export type TeamLimits = components['schemas']['TeamLimits'];
export type TeamPatch = components['schemas']['TeamPatch'];
export type Timeline = components['schemas']['Timeline'];
export type TimelineEntry = components['schemas']['TimelineEntry'];
export type Token = components['schemas']['Token'];
export type TokenBody = components['schemas']['TokenBody'];
export type Tokens = components['schemas']['Tokens'];
export type User = components['schemas']['User'];
export type UserBody = components['schemas']['UserBody'];
export type UserPatch = components['schemas']['UserPatch'];
export type Users = components['schemas']['Users'];
export type Via = components['schemas']['Via'];
export type Webhook = components['schemas']['Webhook'];
export type WebhookBody = components['schemas']['WebhookBody'];
export type WebhookPatch = components['schemas']['WebhookPatch'];
export type Webhooks = components['schemas']['Webhooks'];
export type $defs = Record<string, never>;
export interface operations {
    list_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agents"];
                };
            };
        };
    };
    list_entries: {
        parameters: {
            query?: {
                action?: "session.login" | "session.logout" | "monitor.requested" | "monitor.started" | "monitor.mode_changed" | "monitor.ended" | "monitor.stopped_all" | "monitor.taken_up" | "user.created" | "user.changed" | "user.deleted" | "token.created" | "token.revoked" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "team.created" | "team.changed" | "team.deleted" | "do_not_monitor.changed" | "consent.changed" | "consent.failed" | "help.requested" | "help.taken" | "help.closed" | "shield.started" | "shield.ended" | "follow.started" | "follow.ended" | "note.created" | "note.changed" | "note.deleted" | "embed.created" | "embed.opened" | "embed.refused" | "score_form.changed" | "coaching.exported" | "coaching.deleted" | "audit.cut";
                /** @description The agent's username, name or extension. */
                agent?: string;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                limit?: number;
                since?: string;
                /** @description Username of the supervisor. */
                supervisor?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
        };
    };
    as_table: {
        parameters: {
            query?: {
                action?: "session.login" | "session.logout" | "monitor.requested" | "monitor.started" | "monitor.mode_changed" | "monitor.ended" | "monitor.stopped_all" | "monitor.taken_up" | "user.created" | "user.changed" | "user.deleted" | "token.created" | "token.revoked" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "team.created" | "team.changed" | "team.deleted" | "do_not_monitor.changed" | "consent.changed" | "consent.failed" | "help.requested" | "help.taken" | "help.closed" | "shield.started" | "shield.ended" | "follow.started" | "follow.ended" | "note.created" | "note.changed" | "note.deleted" | "embed.created" | "embed.opened" | "embed.refused" | "score_form.changed" | "coaching.exported" | "coaching.deleted" | "audit.cut";
                /** @description The agent's username, name or extension. */
                agent?: string;
                since?: string;
                /** @description Username of the supervisor. */
                supervisor?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    list_calls: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Calls"];
                };
            };
        };
    };
    get_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Call"];
                };
            };
        };
    };
    exempt_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    allow_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_call_messages: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageList"];
                };
            };
        };
    };
    send_to_supervisor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any string of at most 255 characters that identifies this message: repeated while the talk goes on, nothing is sent again, and it gets the same answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
        };
    };
    write_note: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
        };
    };
    shield_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShieldBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShieldedUntil"];
                };
            };
        };
    };
    unshield_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_timeline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
        };
    };
    calls_by: {
        parameters: {
            query?: {
                call_id?: string;
                /** @description Asterisk's id of the conversation. */
                linkedid?: string;
                /** @description The customer's, compared as a number. */
                number?: string;
                /** @description Asterisk's id of the agent's or the customer's channel. */
                uniqueid?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundCalls"];
                };
            };
        };
    };
    cluster: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cluster"];
                };
            };
        };
    };
    export_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentDataAnswer"];
                };
            };
        };
    };
    delete_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Consent"];
                };
            };
        };
    };
    put_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Consent"];
                };
            };
        };
    };
    get_exempt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoNotMonitor"];
                };
            };
        };
    };
    put_exempt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExemptBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoNotMonitor"];
                };
            };
        };
    };
    create_embed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmbedBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewEmbed"];
                };
            };
        };
    };
    open_embed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbedSession"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    list_follows: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowList"];
                };
            };
        };
    };
    start_follow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FollowBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowAnswer"];
                };
            };
        };
    };
    get_follow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowAnswer"];
                };
            };
        };
    };
    stop_follow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    list_help: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HelpList"];
                };
            };
        };
    };
    ask: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HelpBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HelpAnswer"];
                };
            };
        };
    };
    withdraw: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    take: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TakeBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
        };
    };
    list_monitors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitors"];
                };
            };
        };
    };
    start_monitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any string of at most 255 characters that identifies this request: repeated within 24 h, it gets the same answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
        };
    };
    get_monitor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
        };
    };
    stop_monitor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    switch_monitor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SwitchBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
        };
    };
    list_monitor_messages: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageList"];
                };
            };
        };
    };
    send_to_agent: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any string of at most 255 characters that identifies this message: repeated while the talk goes on, nothing is sent again, and it gets the same answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
        };
    };
    take_over: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
        };
    };
    stop_all: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StopAllBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoppedAll"];
                };
            };
        };
    };
    list_notes: {
        parameters: {
            query?: {
                /** @description The agent's username, name or extension. */
                agent?: string;
                /** @description Username or name of who wrote it. */
                author?: string;
                call_id?: string;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                limit?: number;
                since?: string;
                /** @description Only those that the agent has not answered. */
                unanswered?: boolean;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotesPage"];
                };
            };
        };
    };
    get_note: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
        };
    };
    delete_note: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_note: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotePatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
        };
    };
    reply_to_note: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplyBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
        };
    };
    list_queues: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queues"];
                };
            };
        };
    };
    coaching_report: {
        parameters: {
            query?: {
                /** @description What each row is of; a week is an ISO week in UTC. */
                by?: "agent" | "supervisor" | "team" | "week";
                /** @description What lies before does not count; by default all that is kept. */
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CoachingReport"];
                };
            };
        };
    };
    report_as_table: {
        parameters: {
            query?: {
                /** @description What each row is of; a week is an ISO week in UTC. */
                by?: "agent" | "supervisor" | "team" | "week";
                /** @description What lies before does not count; by default all that is kept. */
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    get_form: {
        parameters: {
            query?: {
                /** @description By default the one in use. */
                version?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScoreFormAnswer"];
                };
            };
        };
    };
    put_form: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScoreFormBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScoreFormAnswer"];
                };
            };
        };
    };
    who_am_i: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneUser"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneUser"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Setup"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneUser"];
                };
            };
        };
    };
    sip: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Switching Protocols */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    open_softphone: {
        parameters: {
            query?: {
                /** @description Where it registers; by default where the desk phone does. */
                pbx?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Softphone"];
                };
            };
        };
    };
    close_softphone: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_teams: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AllTeams"];
                };
            };
        };
    };
    create_team: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TeamBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    get_team: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    delete_team: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_team: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TeamPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Team"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhooks"];
                };
            };
        };
    };
    create_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
        };
    };
    get_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    change_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                /** @description Only failed deliveries. */
                failed?: boolean;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
        };
    };
    retry_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    ping_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ping"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
}
type FlattenedDeepRequired<T> = {
    [K in keyof T]-?: FlattenedDeepRequired<T[K] extends unknown[] | undefined | null ? Extract<T[K], unknown[]>[number] : T[K]>;
};
type ReadonlyArray<T> = [
    Exclude<T, undefined>
] extends [
    unknown[]
] ? Readonly<Exclude<T, undefined>> : Readonly<Exclude<T, undefined>[]>;
export const pathsApiV1AuditGetParametersQueryActionValues: ReadonlyArray<FlattenedDeepRequired<paths>["/api/v1/audit"]["get"]["parameters"]["query"]["action"]> = ["session.login", "session.logout", "monitor.requested", "monitor.started", "monitor.mode_changed", "monitor.ended", "monitor.stopped_all", "monitor.taken_up", "user.created", "user.changed", "user.deleted", "token.created", "token.revoked", "webhook.created", "webhook.changed", "webhook.deleted", "team.created", "team.changed", "team.deleted", "do_not_monitor.changed", "consent.changed", "consent.failed", "help.requested", "help.taken", "help.closed", "shield.started", "shield.ended", "follow.started", "follow.ended", "note.created", "note.changed", "note.deleted", "embed.created", "embed.opened", "embed.refused", "score_form.changed", "coaching.exported", "coaching.deleted", "audit.cut"];
export const pathsApiV1AuditCsvGetParametersQueryActionValues: ReadonlyArray<FlattenedDeepRequired<paths>["/api/v1/audit.csv"]["get"]["parameters"]["query"]["action"]> = ["session.login", "session.logout", "monitor.requested", "monitor.started", "monitor.mode_changed", "monitor.ended", "monitor.stopped_all", "monitor.taken_up", "user.created", "user.changed", "user.deleted", "token.created", "token.revoked", "webhook.created", "webhook.changed", "webhook.deleted", "team.created", "team.changed", "team.deleted", "do_not_monitor.changed", "consent.changed", "consent.failed", "help.requested", "help.taken", "help.closed", "shield.started", "shield.ended", "follow.started", "follow.ended", "note.created", "note.changed", "note.deleted", "embed.created", "embed.opened", "embed.refused", "score_form.changed", "coaching.exported", "coaching.deleted", "audit.cut"];
export const pathsApiV1ReportsCoachingGetParametersQueryByValues: ReadonlyArray<FlattenedDeepRequired<paths>["/api/v1/reports/coaching"]["get"]["parameters"]["query"]["by"]> = ["agent", "supervisor", "team", "week"];
export const pathsApiV1ReportsCoachingCsvGetParametersQueryByValues: ReadonlyArray<FlattenedDeepRequired<paths>["/api/v1/reports/coaching.csv"]["get"]["parameters"]["query"]["by"]> = ["agent", "supervisor", "team", "week"];
export const agentStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["AgentState"]> = ["offline", "available", "ringing", "on_call", "held", "paused", "unknown"];
export const callStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["CallState"]> = ["ringing", "active", "held"];
export const deliveryStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Delivery"]["state"]> = ["waiting", "due", "delivered", "failed"];
export const directionValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Direction"]> = ["inbound", "outbound", "internal"];
export const endReasonValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["EndReason"]> = ["stopped", "supervisor_hung_up", "call_ended", "took_over", "no_answer", "busy", "device_unavailable", "permission_revoked", "adapter_stopped", "pbx_lost", "not_monitorable", "shielded", "error"];
export const eventTypeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["EventType"]> = ["call.started", "call.answered", "call.ended", "monitor.started", "monitor.mode_changed", "monitor.ended", "do_not_monitor.changed", "consent.changed", "help.requested", "help.taken", "help.closed", "shield.started", "shield.ended", "follow.started", "follow.ended", "note.created", "note.changed", "note.deleted", "audit.head", "agent.state_changed", "queue.threshold"];
export const followStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["FollowState"]> = ["connecting", "waiting", "listening", "ended"];
export const groupByValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["GroupBy"]> = ["agent", "supervisor", "team", "week"];
export const happenedValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Happened"]> = ["rang", "answered", "held", "resumed", "transferred", "listening", "whispering", "joined", "silent", "left"];
export const healthPartStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["HealthPart"]["state"]> = ["ok", "failing"];
export const helpStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["HelpState"]> = ["open", "taken", "closed"];
export const linkStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["LinkState"]> = ["connected", "connecting", "down"];
export const listenerValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Listener"]> = ["agent", "both"];
export const modeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Mode"]> = ["silent", "whisper", "barge"];
export const monitorScopeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["MonitorScope"]> = ["all", "teams"];
export const monitorStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["MonitorState"]> = ["connecting", "live", "ended"];
export const noticeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Notice"]> = ["bridge_changed", "made_safe", "shielded", "unrecorded"];
export const questionKindValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["QuestionKind"]> = ["rating", "yes_no", "text"];
export const readyPartsValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Ready"]["parts"][string]> = ["ok", "failing"];
export const recordStateStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["RecordState"]["state"]> = ["ok", "failing"];
export const resultValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Result"]> = ["ok", "refused", "failed"];
export const roleValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Role"]> = ["administrator", "agent"];
export const scopeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Scope"]> = ["monitor", "admin", "metrics", "wall", "shield"];
export const senderValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Sender"]> = ["supervisor", "agent"];
export const soundValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Sound"]> = ["none", "announcement", "beep"];
export const userBodyRoleValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UserBody"]["role"]> = ["administrator", "agent"];
export const viaValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Via"]> = ["session", "token", "command line", "setup token", "address", "phone", "browser", "keypad", "star code", "adapter"];
