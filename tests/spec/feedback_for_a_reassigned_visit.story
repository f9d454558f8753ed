# A customer's answer for a visit that was given to somebody else is kept with the visit and with who was present, and the
# office is told
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
customer of V1 answers csat 2
at 08:30 office reassigns V1 from ana to bo
bo syncs
ana comes online
ana syncs
expect visit V1 dispatched flags UNEXPECTED_FEEDBACK
expect visit V1 led by bo
expect visit V1 has feedback
expect entry ana#2 counted
expect health acme counts CSAT once
expect nothing lost or doubled
expect rebuild equal
