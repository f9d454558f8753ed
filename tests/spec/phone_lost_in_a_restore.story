# A phone that was enrolled after the backup is not known any more: it keeps all it has, and is the same device again
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo eva
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
office backs up as before.backup
bo enrols
ana enrols
ana syncs
ana at 08:05 arrives at V1
ana syncs
expect entry ana#1 counted
server is restored from before.backup
ana at 09:00 reports V1 resolved fault F1
ana tries to sync and is told "does not know this phone any more"
eva enrols
ana enrols again
ana syncs
expect entry ana#1 counted
expect entry ana#2 counted
bo enrols again
bo notes V1 "came to help"
bo syncs
eva notes V1 "new here"
eva syncs
expect entry eva#1 counted
expect nothing lost or doubled
expect rebuild equal
