// The words of the page Coaching: the report.

export const coaching = {
  coachingParts: "Parts of Coaching",
  report: "Report",
  reportOf: "What the report is of",
  reportBy: "By",
  reportByAgent: "Agent",
  reportBySupervisor: "Supervisor",
  reportByTeam: "Team",
  reportByWeek: "Week",
  reportTimes: "Time by mode",
  reportEmpty: "Nothing took place in this time.",
  reportCalls: "Calls",
  reportMonitors: "Times monitored",
  reportTakeovers: "Taken over",
  reportHelp: "Help",
  reportToHelp: "Time to help",
  reportTotal: "Total",
  reportUnsure: "For {time} of this nobody can vouch: the adapter was away, and took monitoring up again afterwards.",
  reportUnknown: "Unknown",
  reportNobody: "Nobody came",
  reportNoTeam: "No team",
  reportWeekOf: "Week {week}, {year}",
};

export type CoachingWords = typeof coaching;
