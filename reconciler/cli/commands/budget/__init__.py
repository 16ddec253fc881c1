"""The command `budget`: what each host may still send today, for people, programs and a monitoring system."""
