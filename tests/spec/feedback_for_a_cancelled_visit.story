# A customer's answer for a visit that was cancelled is kept, and the office is told
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
at 07:30 office cancels V1
ana at 08:00 notes V1 "Only talked at the door"
customer of V1 answers csat 2
ana comes online
ana syncs
expect visit V1 canceled flags UNEXPECTED_FEEDBACK
expect visit V1 has feedback
expect entry ana#2 counted
expect health acme counts CSAT once
expect nothing lost or doubled
expect rebuild equal
