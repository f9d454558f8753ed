# A journal that was begun after the backup is known again as soon as its phone calls
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana notes V1 "common past"
ana syncs
ana's phone is copied as eva
office backs up as before.backup
ana notes V1 "only on the first"
ana at 08:00 arrives at V1
eva at 08:10 notes V1 "only on the copy"
ana syncs
eva syncs
expect eva's journal goes on in a new epoch
expect entry eva#1 counted
eva notes V1 "in the new journal"
eva syncs
server is restored from before.backup
eva notes V1 "after the restore"
eva syncs
expect entry eva#2 counted
expect entry eva#3 counted
ana syncs
expect entry ana#3 counted
eva notes V1 "goes on"
eva syncs
expect entry eva#4 counted
expect nothing lost or doubled
expect rebuild equal
