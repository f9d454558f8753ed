# A phone is restored from a copy and both go on: the second one in moves to a new journal, and both pasts are kept
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana notes V1 "common past"
ana's phone is copied as eva
ana notes V1 "only on the first"
ana at 08:00 arrives at V1
eva at 08:10 notes V1 "only on the copy"
eva uses part VALVE-7 on V1
ana syncs
eva syncs
expect eva's journal goes on in a new epoch
expect entry ana#2 counted
expect entry eva#1 counted
expect entry eva#2 counted
eva notes V1 "goes on"
eva syncs
expect entry eva#3 counted
ana notes V1 "goes on too"
ana syncs
expect entry ana#4 counted
expect nothing lost or doubled
expect rebuild equal
