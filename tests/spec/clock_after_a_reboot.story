# Entries of an earlier boot are dated between the exchanges before and after it, and say how well that is known
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana's phone reboots
ana at 08:05 arrives at V1
ana's phone reboots
ana at 09:00 notes V1 "on after another restart"
ana comes online
ana syncs
expect entry ana#1 happened today 08:05 estimated
expect entry ana#2 happened today 09:00 trusted
expect entry ana#1 counted
expect health acme counts ARRIVAL_IN_WINDOW once
expect nothing lost or doubled
expect rebuild equal
