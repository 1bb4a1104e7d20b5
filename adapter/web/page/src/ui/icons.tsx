// The icons: lucide's, drawn with one stroke. What they mean stands beside them in words.

import {
  ArrowLeft, Bell, ChartNoAxesColumn, Check, CircleStop, CloudOff, Ear, Headphones, Inbox, KeyRound, LogOut, Mic,
  MicOff, Monitor, Pause, Pencil, Phone, PhoneForwarded, PhoneOff, Play, Plus, ScrollText, Search, Settings, Trash2,
  TriangleAlert, User, UserMinus, Users, UsersRound, Volume2, Webhook, X, ChevronDown, ArrowLeftRight, type IconNode,
} from "lucide";
import { Boxes, Clock, Download, History, Network, RotateCw, Send, ShieldCheck, UserCheck } from "lucide"; // the account's
import { Languages, Server } from "lucide";
import { CircleCheck, CircleQuestionMark, Coffee, Gauge, LayoutGrid, Maximize, Tv, Unplug } from "lucide"; // the floor's
import { BellRing, Bookmark, EarOff, GraduationCap, LifeBuoy, MessageSquare } from "lucide"; // coaching
import { h } from "preact";

/** Each by what it stands for, so that one thing has one picture everywhere. */
const NODES = {
  account: User, inbox: Inbox, signOut: LogOut,
  silent: Headphones, whisper: Mic, barge: Users, taken: PhoneForwarded, unknown: CloudOff, warning: TriangleAlert,
  active: Phone, held: Pause, ringing: Bell, internal: ArrowLeftRight,
  stop: CircleStop, hangUp: PhoneOff, mute: MicOff, hold: Pause, resume: Play, hear: Volume2, ear: Ear, language: Languages, pbx: Server,
  browser: Monitor, settings: Settings, search: Search, more: ChevronDown, done: Check,
  users: UsersRound, teams: Network, audit: ScrollText, webhooks: Webhook, tokens: KeyRound, figures: ChartNoAxesColumn,
  send: Send, again: RotateCw, deliveries: History, pending: Clock, download: Download, administrator: ShieldCheck, activate: UserCheck,
  cluster: Boxes,
  floor: LayoutGrid, available: CircleCheck, paused: Coffee, offline: Unplug, notKnown: CircleQuestionMark,
  limits: Gauge, wall: Tv, fullScreen: Maximize,
  exempt: EarOff, consent: BellRing, mark: Bookmark, coaching: GraduationCap, help: LifeBuoy, message: MessageSquare,
  edit: Pencil, remove: Trash2, deactivate: UserMinus, add: Plus, back: ArrowLeft, close: X,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof NODES;

export function Icon({ of }: { of: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      {NODES[of].map(([tag, attributes], place) => h(tag, { key: place, ...attributes }))}
    </svg>
  );
}
