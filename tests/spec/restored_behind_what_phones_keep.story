# An older backup is restored than the phone relied on: what both have lost is gone, everything later still comes
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana notes V1 "in both backups"
ana syncs
office backs up as older.backup
ana notes V1 "in the newer one only"
ana syncs
office backs up as newer.backup
ana syncs
9 days later
ana notes V1 "in none"
ana syncs
server is restored from older.backup
ana notes V1 "after the restore"
ana syncs
expect ana's journal goes on in a new epoch
expect office has entry ana#1
expect office has lost entry ana#2
expect entry ana#3 counted
expect entry ana#4 counted
expect rebuild equal
