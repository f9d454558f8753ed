# A newer phone's unknown kind of entry is kept and parked; what comes before and after it counts
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
a newer phone nova of ana enrols
newer phone nova notes V1 "before"
newer phone nova sends an unknown kind for V1
newer phone nova notes V1 "after"
expect entry nova#1 counted
expect entry nova#2 quarantined UNKNOWN_KIND
expect entry nova#3 counted
expect nothing lost or doubled
expect rebuild equal
