"""Load: many calls with media, churn, switching supervisors and open pages, beside a real Asterisk on one machine."""
