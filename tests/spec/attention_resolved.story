# Work on a cancelled visit counts, its technician sees that somebody will look, and sees when somebody has
office imports account acme
office imports asset boiler-1 of acme
office imports technicians ana bo
office creates visit V1 for acme on boiler-1 today 08:00-10:00 for ana
ana enrols
bo enrols
ana syncs
ana goes offline
at 07:30 office cancels V1
ana at 08:00 arrives at V1
ana starts work on V1
ana comes online
ana syncs
expect visit V1 in progress flags AFTER_CANCEL
expect entry ana#1 needs attention AFTER_CANCEL
expect entry ana#2 counted
expect explanation of ana#1 says "the office cancelled the visit"
expect attention V1

office resolves attention of V1
expect visit V1 in progress flags none
expect attention nothing
expect refused office resolves attention of V1
ana syncs
expect entry ana#1 counted
expect explanation of ana#1 says "somebody has looked"

# The same work goes on; then somebody else comes, which nobody has looked at yet.
ana at 09:00 reports V1 resolved fault F1
ana syncs
expect attention nothing
bo at 09:30 arrives at V1
bo syncs
expect entry bo#1 needs attention AFTER_CANCEL
expect attention V1
server is killed and started again
expect attention V1
expect nothing lost or doubled
expect rebuild equal
