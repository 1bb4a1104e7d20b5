// Die Wörter der Seite Coaching auf Deutsch: der Bericht.

import type { CoachingWords } from "./en.coaching.ts";

export const coaching: CoachingWords = {
  coachingParts: "Teile von Coaching",
  report: "Bericht",
  reportOf: "Worüber der Bericht ist",
  reportBy: "Nach",
  reportByAgent: "Agent",
  reportBySupervisor: "Supervisor",
  reportByTeam: "Team",
  reportByWeek: "Woche",
  reportTimes: "Zeit je Modus",
  reportEmpty: "In dieser Zeit hat nichts stattgefunden.",
  reportCalls: "Gespräche",
  reportMonitors: "Mitgehört (Male)",
  reportTakeovers: "Übernommen",
  reportHelp: "Hilfe",
  reportToHelp: "Zeit bis zur Hilfe",
  reportTotal: "Summe",
  reportUnsure: "Für {time} davon kann niemand einstehen: Der Adapter war weg und hat das Mithören danach wieder aufgenommen.",
  reportUnknown: "Unbekannt",
  reportNobody: "Niemand kam",
  reportNoTeam: "Kein Team",
  reportWeekOf: "Woche {week}, {year}",
};
