// A phone's files with damage done to them: what the tests of repairing and salvaging share.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_REPAIR_FIXTURE_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_REPAIR_FIXTURE_H_

#include <stdlib.h>

#include <string>
#include <vector>

#include "client_core/sqlite/database.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {

class RepairTest : public StoreTest {
 protected:
  // The journal's file as it lies on the disk once everything is in it.
  void CloseAndDamage(size_t page, size_t pages, const std::string& file = "journal.db") {
    store_.reset();
    ASSERT_GE(ReadFile(file).size(), (page + pages) * 4096);
    OverwriteFile(file, page * 4096, std::string(pages * 4096, '\x5a'));
  }
  // Of files that are not encrypted, and of files that are, where this build can.
  static std::vector<std::string> Keys() {
#ifdef DOORSTEP_SQLITE_CIPHER
    return {"", std::string(32, 'k')};
#else
    return {""};
#endif
  }
  // Where the first page of a table or an index begins, of a file that is closed.
  size_t PageOf(const std::string& name) {
    sqlite::OpenOptions options;
    options.path = Path("journal.db");
    options.key = options_.key;
    const auto db = sqlite::Database::Open(options);
    if (!db.ok()) return 0;
    auto read = (*db)->Prepare("SELECT rootpage FROM sqlite_schema WHERE name = $1");
    return read.ok() && *read->BindText(1, name).Step() ? static_cast<size_t>(read->Int(0) - 1) * 4096 : 0;
  }
  std::vector<std::string> FirstPositions(uint64_t epoch) {
    std::vector<std::string> firsts;
    const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(epoch, 0, kNoBound, kNoBound);
    EXPECT_TRUE(frame.ok()) << frame.status().ToString();
    if (!frame.ok()) return firsts;
    for (const v1::EntryEnvelope& envelope : frame->entries) {
      firsts.push_back(std::to_string(envelope.from_epoch()) + "." + std::to_string(envelope.from_seq()));
    }
    return firsts;
  }
  // For another phone in the same folder.
  void EmptyFolder() {
    store_.reset();
    const std::string command = "rm -rf '" + options_.directory + "'/*";
    ASSERT_EQ(system(command.c_str()), 0);
  }
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_STORE_REPAIR_FIXTURE_H_
