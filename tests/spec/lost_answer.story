# The answers to an upload are lost: the phone sends again, and nothing counts twice
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana uses part VALVE-7 on V1
ana tries to sync and every answer is lost
expect visit V1 in progress
ana at 09:00 reports V1 resolved fault F1
ana syncs
expect visit V1 completed
expect entry ana#4 counted
expect health acme counts OUTCOME_RESOLVED once
expect nothing lost or doubled
expect rebuild equal
