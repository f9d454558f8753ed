// What a server does about journals that its file knows less of than the phones: after a restore, and after somebody
// put an older file in place by hand. First half, as in dispatch_commands.h.
//
// A restore by `doorstep restore` draws a new generation, by which every phone learns that marks may have gone back. A
// file set back by hand keeps its generation, and phones would wait for ever: what they have sent up to 100 they never
// send again, and a server that stands at 50 takes nothing from 101 on. The server cannot see this by itself, because
// an older file is a good file. A phone can show it: it holds a mark that this server countersigned in this very
// generation, beyond where the server stands, or, where a cloned phone has sent its own entries since, of another chain
// than the server has there. Nobody but the server can have made that (countersign.h), and since no mark is said before
// its commit, the file must have been set back. So a new generation is drawn, as a restore would have, and everything
// else is as after a restore: phones take the marks as they are now and send again what is missing. A phone that lies
// cannot cause it, nor one whose own files were restored, whose marks are older; each generation is left at most once,
// because its countersigns prove nothing in the next.
//
// Nothing is lost or doubled by it: entries keep the positions that they have, and what the server holds is at or below
// its mark. What only the lost time held cannot be told by phones: the office's commands.
//
// Epochs that were issued in the lost time are known again as soon as the phone claims them. Their number may have been
// issued to another journal meanwhile (a cloned phone); then the salts differ, the chains with them, and the next push
// is answered by a fork as any two pasts are.
//
// A phone deletes what was in a verified backup and is old. When an older backup was restored, the entries between are
// gone on both sides, and the chain cannot go on over the gap: the phone is told to fork, so that what it still has
// goes on in a new epoch.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_RECONCILE_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_RECONCILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/commands/countersign.h"
#include "server/apply/transaction.h"

namespace doorstep {

// Of the claims of a Hello.
absl::Status CheckClaims(const v1::HelloRequest& request);

struct Reconciled {
  // A phone showed that the file was set back: another generation was written into it.
  bool set_back = false;
  // A row was written; the handler must not write another.
  bool recorded = false;
  // For the phone.
  std::vector<v1::Fork> forks;
};

// `signer` is of the generation that the server is in.
absl::StatusOr<Reconciled> RunReconcile(const v1::HelloRequest& request, absl::string_view device,
                                        const Countersigner& signer, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_RECONCILE_H_
