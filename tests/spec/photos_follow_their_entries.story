# Photos follow their entries: what they show counts at once, previews go over any network, originals wait for Wi-Fi
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
ana syncs
ana goes offline
ana at 08:05 arrives at V1
ana at 08:10 starts work on V1
ana at 08:20 photographs V1 as valve-before
ana at 08:50 photographs V1 as valve-after
ana's phone is killed
expect on ana's phone 0 of 2 photos of V1 safe
ana comes online
ana's network is metered
ana syncs
expect entry ana#3 counted
expect entry ana#4 counted
expect visit V1 in progress
expect only the preview of photo valve-before of V1 at the office
expect only the preview of photo valve-after of V1 at the office
expect on ana's phone 0 of 2 photos of V1 safe
ana's network is not metered
ana tries to sync and every answer is lost
ana's phone is killed
server is killed and started again
ana syncs
expect on ana's phone 2 of 2 photos of V1 safe
expect photo valve-before of V1 at the office
expect photo valve-after of V1 at the office
office backs up as noon.backup
ana at 12:30 photographs V1 as nameplate
ana syncs
expect photo nameplate of V1 at the office
server is restored from noon.backup
ana syncs
expect photo valve-before of V1 at the office
expect photo nameplate of V1 at the office
expect on ana's phone 3 of 3 photos of V1 safe
ana at 13:00 reports V1 resolved fault F1
ana syncs
expect nothing lost or doubled
expect rebuild equal
