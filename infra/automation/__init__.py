"""What happens without people: functions, schedules, rules, alarms, and what reaches people."""
