#include "client_core/sqlite/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <new>
#include <sstream>

#include "client_core/sqlite/migrate.h"

namespace doorstep::sqlite {
namespace {

using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "doorstep-sqlite-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    options_.path = folder_ + "/file.db";
    options_.busy_timeout_ms = 0;
  }
  void TearDown() override {
    const std::string command = "rm -rf '" + folder_ + "'";
    ASSERT_EQ(system(command.c_str()), 0);
  }
  std::unique_ptr<Database> Open() {
    absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(options_);
    EXPECT_TRUE(db.ok()) << db.status().ToString();
    return db.ok() ? *std::move(db) : nullptr;
  }
  int64_t Int(Database& db, absl::string_view sql) {
    absl::StatusOr<Statement> statement = db.Prepare(sql);
    EXPECT_TRUE(statement.ok()) << statement.status().ToString();
    if (!statement.ok()) return -1;
    const absl::StatusOr<bool> row = statement->Step();
    return row.ok() && *row ? statement->Int(0) : -1;
  }

  std::string folder_;
  OpenOptions options_;
};

int Statements(Database& db) {
  int statements = 0;
  for (sqlite3_stmt* one = nullptr; (one = sqlite3_next_stmt(db.handle(), one)) != nullptr;) ++statements;
  return statements;
}

TEST_F(DatabaseTest, ATextIsCompiledOnceForAllWhoAskForItInTurn) {
  const auto db = Open();
  ASSERT_TRUE(db->Execute("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)").ok());
  const int before = Statements(*db);
  constexpr char kRead[] = "SELECT n FROM t ORDER BY n";
  {
    // Read in part only: the next one begins at the beginning.
    absl::StatusOr<Statement> read = db->Prepare(kRead);
    ASSERT_TRUE(*read->Step());
    absl::StatusOr<Statement> other = db->Prepare(kRead);
    ASSERT_TRUE(*other->Step());
    EXPECT_EQ(other->Int(0), 1);
    EXPECT_EQ(Statements(*db), before + 2);
  }
  EXPECT_EQ(Statements(*db), before + 1);
  ASSERT_TRUE(db->Execute("INSERT INTO t VALUES (0); ALTER TABLE t ADD COLUMN m").ok());
  EXPECT_EQ(Int(*db, kRead), 0);
  EXPECT_EQ(Statements(*db), before + 1);
  EXPECT_EQ(Int(*db, "PRAGMA user_version"), 0);
  EXPECT_EQ(Statements(*db), before + 1) << "a pragma is not kept";
}

TEST_F(DatabaseTest, AStatementThatIsKeptHoldsNothingThatWasBoundToIt) {
  const auto db = Open();
  constexpr char kRead[] = "SELECT $1";
  ASSERT_TRUE(*db->Prepare(kRead)->Bind(1, 7).Step());
  absl::StatusOr<Statement> again = db->Prepare(kRead);
  ASSERT_TRUE(*again->Step());
  EXPECT_TRUE(again->IsNull(0));
}

TEST_F(DatabaseTest, AStatementMayOutliveItsDatabase) {
  auto db = Open();
  ASSERT_TRUE(db->Prepare("SELECT 1").ok());
  absl::StatusOr<Statement> last = db->Prepare("SELECT 2");
  ASSERT_TRUE(*last->Step());
  db.reset();
  EXPECT_EQ(last->Int(0), 2);
}

TEST_F(DatabaseTest, BindsParametersByNameWhateverTheirOrder) {
  const auto db = Open();
  ASSERT_TRUE(db->Execute("CREATE TABLE pair (a INTEGER, b TEXT, c BLOB)").ok());
  absl::StatusOr<Statement> insert = db->Prepare("INSERT INTO pair (b, c, a) VALUES ($2, $3, $1)");
  ASSERT_TRUE(insert.ok());
  const std::string blob("\0x", 2);
  ASSERT_TRUE(insert->Bind(1, 7).BindText(2, "seven").BindBlob(3, blob).Run().ok());
  ASSERT_TRUE(insert->Bind(1, 8).BindText(2, "").BindNull(3).Run().ok());
  absl::StatusOr<Statement> read = db->Prepare("SELECT a, b, c FROM pair WHERE a = $2 OR a = $1 ORDER BY a");
  ASSERT_TRUE(read.ok());
  ASSERT_TRUE(*read->Bind(1, 7).Bind(2, 8).Step());
  EXPECT_EQ(read->Int(0), 7);
  EXPECT_EQ(read->Text(1), "seven");
  EXPECT_EQ(std::string(read->Blob(2)), blob);
  ASSERT_TRUE(*read->Step());
  EXPECT_EQ(read->Text(1), "");
  EXPECT_FALSE(read->IsNull(1));
  EXPECT_TRUE(read->IsNull(2));
  EXPECT_FALSE(*read->Step());
}

TEST_F(DatabaseTest, ReportsAParameterThatDoesNotExist) {
  const auto db = Open();
  absl::StatusOr<Statement> statement = db->Prepare("SELECT $1");
  ASSERT_TRUE(statement.ok());
  EXPECT_FALSE(statement->Bind(1, 1).Bind(2, 2).Step().ok());
  EXPECT_TRUE(*statement->Bind(1, 1).Step());  // The error was told once.
}

TEST_F(DatabaseTest, NamesTheStatementThatFailed) {
  const auto db = Open();
  const absl::Status status = db->Execute("INSERT INTO nowhere VALUES (1)");
  EXPECT_THAT(std::string(status.message()), HasSubstr("nowhere"));
}

TEST_F(DatabaseTest, RollsBackAWholeTransactionWhenItsBodyFails) {
  const auto db = Open();
  ASSERT_TRUE(db->Execute("CREATE TABLE t (a INTEGER PRIMARY KEY)").ok());
  const absl::Status status = db->Transaction([&] {
    EXPECT_TRUE(db->Execute("INSERT INTO t VALUES (1)").ok());
    return absl::AbortedError("changed its mind");
  });
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_EQ(Int(*db, "SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(db->Execute("INSERT INTO t VALUES (2), (2)")));
}

TEST_F(DatabaseTest, WhatIsWrittenAfterMemoryRanOutInATransactionIsDurable) {
  {
    const auto db = Open();
    ASSERT_TRUE(db->Execute("CREATE TABLE one (a INTEGER)").ok());
    const auto runs_out = [&]() -> absl::Status {
      EXPECT_TRUE(db->Execute("INSERT INTO one VALUES (1)").ok());
      throw std::bad_alloc();
    };
    EXPECT_THROW((void)db->Transaction(runs_out), std::bad_alloc);
    EXPECT_THROW((void)db->ReadTransaction([]() -> absl::Status { throw std::bad_alloc(); }), std::bad_alloc);
    ASSERT_TRUE(db->Execute("INSERT INTO one VALUES (2)").ok());
  }
  EXPECT_EQ(Int(*Open(), "SELECT sum(a) FROM one"), 2);
}

TEST_F(DatabaseTest, SaysThatTheDiskIsFullAndKeepsWhatWasThere) {
  const auto db = Open();
  ASSERT_TRUE(
      db->Execute("CREATE TABLE t (a BLOB); INSERT INTO t VALUES (zeroblob(1000)); PRAGMA max_page_count=10").ok());
  const absl::Status status = db->Transaction([&] { return db->Execute("INSERT INTO t VALUES (zeroblob(1000000))"); });
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status.ToString();
  EXPECT_EQ(Int(*db, "SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(db->Execute("DELETE FROM t").ok());
}

// Somebody who is told to make room on the disk, or gives up what is kept for a full one, has not more memory by it.
TEST_F(DatabaseTest, AFullMemoryIsNotAFullDisk) {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
    EXPECT_TRUE(absl::IsResourceExhausted(StatusOf(nullptr, code, "writing"))) << code;
  }
  for (const int code : {SQLITE_NOMEM, SQLITE_IOERR_NOMEM}) {
    EXPECT_TRUE(absl::IsUnavailable(StatusOf(nullptr, code, "writing"))) << code;
  }
}

TEST_F(DatabaseTest, CompilesAStatementOnceHoweverOftenItsLimitIsBound) {
  const auto db = Open();
  ASSERT_TRUE(db->Execute("CREATE TABLE item (n INTEGER PRIMARY KEY)").ok());
  absl::StatusOr<Statement> page = db->Prepare("SELECT n FROM item ORDER BY n LIMIT $1");
  ASSERT_TRUE(page.ok());
  for (const int64_t limit : {1, 2, 3}) ASSERT_TRUE(page->Bind(1, limit).Run().ok());
  EXPECT_EQ(sqlite3_stmt_status(sqlite3_next_stmt(db->handle(), nullptr), SQLITE_STMTSTATUS_REPREPARE, 0), 0);
}

TEST_F(DatabaseTest, AScratchFileWaitsForNothingAndHasNoJournal) {
  options_.scratch = true;
  const auto db = Open();
  EXPECT_EQ(Int(*db, "PRAGMA synchronous"), 0);
  ASSERT_TRUE(db->Execute("CREATE TABLE item (n INTEGER PRIMARY KEY); BEGIN; INSERT INTO item VALUES (7)").ok());
  EXPECT_EQ(Int(*db, "SELECT n FROM item"), 7);
  for (const char* suffix : {"-journal", "-wal"}) EXPECT_FALSE(std::ifstream(options_.path + suffix).good()) << suffix;
  EXPECT_TRUE(db->Execute("COMMIT").ok());
}

TEST_F(DatabaseTest, RefusesASecondOpenerOfAnExclusiveFile) {
  options_.exclusive = true;
  const auto db = Open();
  ASSERT_TRUE(db->Execute("CREATE TABLE t (a INTEGER)").ok());
  const absl::Status second = Database::Open(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second.ToString();
  EXPECT_THAT(std::string(second.message()), HasSubstr("has this file open"));
}

TEST_F(DatabaseTest, RefusesWhatIsNoDatabase) {
  std::ofstream(options_.path) << std::string(8192, 'x');
  const absl::Status status = Database::Open(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status.ToString();
}

TEST_F(DatabaseTest, FindsDamage) {
  {
    const auto db = Open();
    ASSERT_TRUE(db->Execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)").ok());
    ASSERT_TRUE(db->Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
                            "INSERT INTO t SELECT i, zeroblob(100) FROM n")
                    .ok());
    EXPECT_TRUE(db->CheckIntegrity().ok());
  }
  std::fstream file(options_.path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(2 * 4096).write(std::string(4096, '\x5a').data(), 4096);
  file.close();
  const auto db = Open();
  EXPECT_TRUE(absl::IsDataLoss(db->CheckIntegrity()));
}

TEST_F(DatabaseTest, AFileKeepsThePagesItWasMadeWith) {
#ifdef DOORSTEP_SQLITE_CIPHER
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    options_.key = key;
    options_.path += key;
#else
  {
#endif
    for (const int asked : {8192, 4096, 0}) {
      options_.page_bytes = asked;
      const auto db = Open();
      ASSERT_TRUE(db->Execute("CREATE TABLE IF NOT EXISTS t (a)").ok());
      EXPECT_EQ(*db->PageBytes(), 8192);
    }
    options_.page_bytes = 0;
  }
}

TEST_F(DatabaseTest, AWalIsAsLongAsItsPages) {
  options_.page_bytes = 8192;
  const auto db = Open();
  ASSERT_TRUE(db->OwnCheckpoints().ok());
  ASSERT_TRUE(db->Execute("CREATE TABLE t (a)").ok());
  const int64_t before = db->WalBytes();
  EXPECT_GT(before, 0);
  EXPECT_EQ(before % 8192, 0);
  ASSERT_TRUE(db->Execute("INSERT INTO t VALUES (zeroblob(81920))").ok());
  EXPECT_GE(db->WalBytes(), before + 81920);
}

#ifdef DOORSTEP_SQLITE_CIPHER
TEST_F(DatabaseTest, OpensAnEncryptedFileOnlyWithItsKey) {
  options_.key = std::string("32 bytes, of which one is zero:\0", 32);
  {
    const auto db = Open();
    ASSERT_TRUE(db->Execute("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('plaintext')").ok());
    ASSERT_TRUE(db->Checkpoint().ok());
  }
  std::ostringstream bytes;
  bytes << std::ifstream(options_.path, std::ios::binary).rdbuf();
  EXPECT_THAT(bytes.str(), testing::Not(HasSubstr("plaintext")));
  EXPECT_EQ(Int(*Open(), "SELECT count(*) FROM t"), 1);
  for (const std::string& key : {std::string(32, 'x'), std::string()}) {
    options_.key = key;
    const absl::Status status = Database::Open(options_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status.ToString();
  }
}
#else
TEST_F(DatabaseTest, SaysThatItCannotEncrypt) {
  options_.key = std::string(32, 'k');
  EXPECT_TRUE(absl::IsFailedPrecondition(Database::Open(options_).status()));
}
#endif

TEST_F(DatabaseTest, MigratesForwardOneStepATransaction) {
  const absl::string_view first = "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)";
  const absl::string_view second = "ALTER TABLE t ADD COLUMN b INTEGER NOT NULL DEFAULT 5";
  const auto db = Open();
  ASSERT_TRUE(Migrate(*db, {first}).ok());
  ASSERT_TRUE(Migrate(*db, {first}).ok());  // Nothing is left to do.
  EXPECT_EQ(Int(*db, "SELECT count(*) FROM t"), 1);
  EXPECT_FALSE(Migrate(*db, {first, "ALTER TABLE t ADD COLUMN c; SELECT * FROM nowhere"}).ok());
  EXPECT_EQ(Int(*db, "PRAGMA user_version"), 1);  // Nothing half.
  ASSERT_TRUE(Migrate(*db, {first, second}).ok());
  EXPECT_EQ(Int(*db, "SELECT b FROM t"), 5);
  EXPECT_EQ(Int(*db, "PRAGMA user_version"), 2);
  const absl::Status older = Migrate(*db, {first});
  EXPECT_TRUE(absl::IsFailedPrecondition(older));
  EXPECT_THAT(std::string(older.message()), HasSubstr("newer"));
}

TEST_F(DatabaseTest, ANumberOfAMigrationThatIsNoneIsDamage) {
  const absl::string_view first = "CREATE TABLE t (a INTEGER)";
  const auto db = Open();
  ASSERT_TRUE(Migrate(*db, {first}).ok());
  for (const char* version : {"-1", "-2147483648", "2147483647", "0"}) {
    ASSERT_TRUE(db->Execute(absl::StrCat("PRAGMA user_version=", version)).ok());
    EXPECT_TRUE(absl::IsDataLoss(Migrate(*db, {first}))) << version;
  }
  // As if it had been one step further.
  const absl::string_view second = "ALTER TABLE t ADD COLUMN b INTEGER";
  const absl::string_view third = "CREATE TABLE u (a INTEGER)";
  ASSERT_TRUE(db->Execute("PRAGMA user_version=1").ok());
  ASSERT_TRUE(Migrate(*db, {first, second, third}).ok());
  for (const char* version : {"1", "2"}) {
    ASSERT_TRUE(db->Execute(absl::StrCat("PRAGMA user_version=", version)).ok());
    EXPECT_TRUE(absl::IsDataLoss(Migrate(*db, {first, second, third}))) << version;
  }
}

}  // namespace
}  // namespace doorstep::sqlite
