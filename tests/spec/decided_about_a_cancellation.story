# Work on a cancelled visit: the office lets its cancellation stand, and the work does not count, until somebody comes again
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
at 07:30 office cancels V1
ana at 08:05 arrives at V1
ana starts work on V1
ana at 09:00 reports V1 resolved fault F1
ana comes online
ana syncs
expect visit V1 completed flags AFTER_CANCEL
expect visit V1 flag AFTER_CANCEL between office and ana
expect health acme counts OUTCOME_RESOLVED once
expect refused office resolves attention of V1 as CREDIT_BOTH
office resolves attention of V1 as KEEP_A
expect visit V1 canceled flags none
expect work order of V1 canceled
expect health acme counts OUTCOME_RESOLVED never
ana syncs
expect explanation of ana#1 says "the office has let the cancellation stand: somebody has looked"
ana leaves V1
ana syncs
expect visit V1 canceled flags none
ana at 11:00 arrives at V1
ana syncs
expect visit V1 canceled flags AFTER_CANCEL
office resolves attention of V1 as KEEP_B
expect visit V1 completed flags none
expect health acme counts OUTCOME_RESOLVED once
expect nothing lost or doubled
expect rebuild equal
