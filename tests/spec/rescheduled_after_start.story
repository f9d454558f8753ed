# The office moves a visit that has begun without its knowing: the start wins and the move is void
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
at 08:30 office schedules V1 tomorrow 13:00-15:00
expect visit V1 planned tomorrow 13:00
ana at 09:00 reports V1 resolved fault F1
ana comes online
ana syncs
expect visit V1 completed flags RESCHEDULE_VOID
expect visit V1 planned today 08:00
expect health acme counts ARRIVAL_IN_WINDOW once
expect health acme counts RESCHEDULED_BY_US never
expect refused office schedules V1 tomorrow 13:00-15:00
expect nothing lost or doubled
expect rebuild equal
