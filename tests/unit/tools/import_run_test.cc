#include "tools/doorstep/import_run.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "doorstep/v1/account_service.grpc.pb.h"
#include "doorstep/v1/import_service.grpc.pb.h"
#include "tools/doorstep/command.h"
#include "tools/doorstep/connection.h"

namespace doorstep::cli {
namespace {

// A server that keeps rows as bytes and knows one rule: a site needs its account, and an asset its site.
class KeepingServer final : public v1::ImportService::Service {
 public:
  grpc::Status ImportRows(grpc::ServerContext*, const v1::ImportRowsRequest* request,
                          v1::ImportRowsResponse* response) override {
    request_ids_.push_back(request->request_id());
    rows_of_requests_.push_back(request->rows_size());
    bytes_max_ = std::max(bytes_max_, request->ByteSizeLong());
    if (away_after_ == 0) return {grpc::StatusCode::UNAVAILABLE, "gone"};
    if (away_after_ > 0) --away_after_;
    if (away_ > 0) {
      --away_;
      return {grpc::StatusCode::UNAVAILABLE, "restarting"};
    }
    for (const v1::ImportRow& row : request->rows()) *response->add_results() = Take(row, request->dry_run());
    return grpc::Status::OK;
  }

  int away_ = 0;
  int away_after_ = -1;  // So many requests; negative: never.
  std::vector<std::string> request_ids_;
  std::vector<int> rows_of_requests_;
  size_t bytes_max_ = 0;
  std::map<std::string, std::string> kept_;

 private:
  v1::ImportRowResult Take(const v1::ImportRow& row, bool dry_run) {
    v1::ImportRowResult result;
    if (row.has_site() && kept_.count("account " + row.site().account_id()) == 0) {
      result.set_result(v1::IMPORT_RESULT_REJECTED);
      result.set_field("account_id");
      result.set_reason("no account " + row.site().account_id());
      return result;
    }
    if (row.has_asset() && kept_.count("site " + row.asset().site_id()) == 0) {
      result.set_result(v1::IMPORT_RESULT_REJECTED);
      result.set_field("site_id");
      result.set_reason("no site " + row.asset().site_id());
      return result;
    }
    const std::string key = row.has_site() ? "site " + row.site().id() : "account " + row.account().id();
    const auto found = kept_.find(key);
    if (found == kept_.end()) {
      result.set_result(v1::IMPORT_RESULT_CREATED);
    } else if (found->second == row.SerializeAsString()) {
      result.set_result(v1::IMPORT_RESULT_UNCHANGED);
    } else {
      result.set_result(v1::IMPORT_RESULT_UPDATED);
      result.add_changed_fields("acquired_time_us");
    }
    if (!dry_run) kept_[key] = row.SerializeAsString();
    return result;
  }
};

class ImportRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/import-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&keeping_);
    server_ = builder.BuildAndStart();
    v1::ConnectFile profile;
    profile.set_server(absl::StrCat("127.0.0.1:", port));
    profile.set_token("token");
    connection_ = std::make_unique<Connection>(&globals_, profile);
  }
  void TearDown() override {
    server_->Shutdown();
    std::filesystem::remove_all(folder_);
  }

  ImportFile File(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    absl::StatusOr<ImportFile> file = OpenImportFile(path, "", 0);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *file : ImportFile();
  }

  ImportRun Run(const std::vector<ImportFile>& files, bool dry_run = false) {
    ImportRun run(connection_.get(), "test", "UTC", dry_run);
    for (const ImportFile& file : files) {
      const absl::Status status = run.Import(file);
      EXPECT_TRUE(status.ok()) << status;
    }
    return run;
  }

  std::string folder_;
  Globals globals_;
  KeepingServer keeping_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Connection> connection_;
};

constexpr char kAccounts[] = "id,name,zone,acquired\nA-1,One,UTC,2024-01-01\nA-2,Two,UTC,2024-01-01\n";

TEST_F(ImportRunTest, ASecondImportChangesNothingAndAChangedRowIsListed) {
  const ImportFile first = File("accounts.csv", kAccounts);
  EXPECT_EQ(Run({first}).tallies()[0].created, 2u);
  const ImportRun second = Run({first});
  EXPECT_EQ(second.tallies()[0].unchanged, 2u);
  EXPECT_EQ(second.tallies()[0].created + second.tallies()[0].updated, 0u);

  const ImportRun third =
      Run({File("accounts.csv", "id,name,zone,acquired\nA-1,One,UTC,2024-01-01\nA-2,Two,UTC,2024-02-01\n")});
  ASSERT_EQ(third.updated().size(), 1u);
  EXPECT_EQ(third.updated()[0].line, 3);
  EXPECT_EQ(third.updated()[0].id, "A-2");
  EXPECT_EQ(third.updated()[0].changed_fields, std::vector<std::string>{"acquired"});
}

TEST_F(ImportRunTest, EveryBadRowIsListedAndEveryGoodOneKept) {
  const ImportRun run = Run({File("accounts.csv",
                                  "id,name,fit\nA-1,One,good\nA-2,,good\nA-3,Three,great\nA-1,Again,good\nA-4,\"x\"y,\n"
                                  ",,\nA-5,Five,\n"),
                             File("sites.csv", "id,account,name\nS-1,A-1,Cellar\nS-2,A-9,Attic\n")});
  std::vector<std::string> rejected;
  for (const RejectedRow& row : run.rejected()) {
    rejected.push_back(absl::StrCat(row.file.substr(folder_.size() + 1), ":", row.line, " ", row.field));
  }
  EXPECT_EQ(rejected, (std::vector<std::string>{"accounts.csv:3 name", "accounts.csv:4 fit", "accounts.csv:5 id",
                                                "accounts.csv:6 ", "sites.csv:3 account"}));
  EXPECT_EQ(run.tallies()[0].rows, 6u);
  EXPECT_EQ(run.tallies()[0].created, 2u);
  EXPECT_EQ(run.tallies()[1].created, 1u);
  EXPECT_EQ(keeping_.kept_.size(), 3u);
}

TEST_F(ImportRunTest, RowsTravelInBoundedBatches) {
  std::string many = "id,name\n";
  for (int i = 0; i < 1201; ++i) absl::StrAppend(&many, "A-", i, ",Name\n");
  Run({File("accounts.csv", many)});
  EXPECT_EQ(keeping_.rows_of_requests_, (std::vector<int>{500, 500, 201}));

  keeping_.rows_of_requests_.clear();
  std::string large = "id,name,fit_reason\n";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&large, "B-", i, ",Name,", std::string(30000, 'x'), "\n");
  Run({File("accounts.csv", large)});
  EXPECT_EQ(keeping_.rows_of_requests_.size(), 3u);
  EXPECT_LE(keeping_.bytes_max_, limits::kImportRequestBytesMax + 1024);
}

TEST_F(ImportRunTest, ADryRunChangesNothingAndMissesNothingOfItsOwn) {
  const ImportRun run =
      Run({File("accounts.csv", kAccounts), File("sites.csv", "id,account,name\nS-1,A-1,Cellar\nS-2,A-9,Attic\n")},
          /*dry_run=*/true);
  EXPECT_TRUE(keeping_.kept_.empty());
  EXPECT_EQ(run.tallies()[1].created, 1u);
  EXPECT_EQ(run.tallies()[1].rejected, 1u);
}

TEST_F(ImportRunTest, ADryRunSeesThatASiteOfItsOwnBelongsToAnotherAccount) {
  const ImportRun run = Run({File("accounts.csv", kAccounts), File("sites.csv", "id,account,name\nS-1,A-1,Cellar\n"),
                             File("assets.csv", "id,account,site\nE-1,A-1,S-1\nE-2,A-2,S-1\n")},
                            /*dry_run=*/true);
  EXPECT_EQ(run.tallies()[2].created, 1u);
  ASSERT_EQ(run.rejected().size(), 1u);
  EXPECT_EQ(run.rejected()[0].line, 3);
  EXPECT_EQ(run.rejected()[0].field, "site");
  EXPECT_EQ(run.rejected()[0].reason, "site S-1 belongs to account A-1, not A-2");
}

TEST_F(ImportRunTest, AChangeIsRepeatedOnceUnderItsOwnId) {
  keeping_.away_ = 1;
  EXPECT_EQ(Run({File("accounts.csv", kAccounts)}).tallies()[0].created, 2u);
  ASSERT_EQ(keeping_.request_ids_.size(), 2u);
  EXPECT_EQ(keeping_.request_ids_[0], keeping_.request_ids_[1]);
  EXPECT_EQ(keeping_.request_ids_[0].size(), 36u);

  keeping_.away_ = 2;
  ImportRun run(connection_.get(), "test", "UTC", false);
  EXPECT_TRUE(absl::IsUnavailable(run.Import(File("accounts.csv", kAccounts))));
  EXPECT_EQ(keeping_.request_ids_.size(), 4u);
  EXPECT_NE(keeping_.request_ids_[2], keeping_.request_ids_[0]);
}

TEST_F(ImportRunTest, WithTheServerAwayEveryRowIsEitherStoredOrUnconfirmed) {
  std::string many = "id,name\n";
  for (int i = 0; i < 1201; ++i) absl::StrAppend(&many, "A-", i, ",", i == 700 ? "" : "Name", "\n,\n");
  keeping_.away_after_ = 1;
  ImportRun run(connection_.get(), "test", "UTC", false);
  EXPECT_TRUE(absl::IsUnavailable(run.Import(File("accounts.csv", many))));
  EXPECT_TRUE(run.Import(File("sites.csv", "id,account,name\nS-1,A-1,Cellar\nS-2,A-2,Attic\n")).ok()) << "only counted";
  ASSERT_EQ(run.tallies().size(), 2u);
  const ImportTally& accounts = run.tallies()[0];
  EXPECT_EQ(accounts.rows, 1201u) << "also those behind the one that failed";
  EXPECT_EQ(accounts.created, 500u);
  EXPECT_EQ(accounts.created, keeping_.kept_.size());
  EXPECT_EQ(accounts.unconfirmed(), 1201u - 500u - accounts.rejected);
  EXPECT_EQ(run.tallies()[1].rows, 2u);
  EXPECT_EQ(run.tallies()[1].unconfirmed(), 2u);
}

TEST_F(ImportRunTest, RejectedRowsAreListedInTheOrderOfTheirLines) {
  // The tool rejects lines 3 and 5 while it reads, the server 2 and 4 when the batch is sent.
  const ImportRun run =
      Run({File("sites.csv", "id,account,name\nS-1,A-9,Cellar\n,A-9,Attic\nS-2,A-9,Attic\n,A-9,Roof\n")});
  std::vector<int64_t> lines;
  for (const RejectedRow& row : run.rejected()) lines.push_back(row.line);
  EXPECT_EQ(lines, (std::vector<int64_t>{2, 3, 4, 5}));
}

TEST_F(ImportRunTest, CorrectiveVisitsWithoutAssetOrFaultCodeAreCounted) {
  const ImportRun run =
      Run({File("visits.csv",
                "id,account,asset,kind,arrived,ended,outcome,fault,zone\n"
                "V-1,A-1,E-1,corrective,2026-01-01T08:30+00:00,2026-01-01T09:30+00:00,resolved,F,UTC\n"
                "V-2,A-1,E-1,corrective,2026-01-01T08:30+00:00,2026-01-01T09:30+00:00,resolved,,UTC\n"
                "V-3,A-1,,corrective,2026-01-01T08:30+00:00,2026-01-01T09:30+00:00,resolved,F,UTC\n"
                "V-4,A-1,,inspection,2026-01-01T08:30+00:00,2026-01-01T09:30+00:00,resolved,,UTC\n")});
  EXPECT_EQ(run.tallies()[0].cannot_repeat, 2u);
}

TEST_F(ImportRunTest, AReasonOfTheServerNamesColumnsAndNotItsFields) {
  const ImportKind& visits = **FindImportKind("visits");
  EXPECT_EQ(InColumnNames(visits, "must not be before arrived_time_us"), "must not be before arrived");
  EXPECT_EQ(InColumnNames(visits, "outcome.code: no kind; asset_id, technician_id."),
            "outcome: no kind; asset, technician_id.");
}

TEST_F(ImportRunTest, AFileThatCannotBeMeantIsRefusedAsAWhole) {
  const auto reason = [&](const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return std::string(OpenImportFile(path, "", 0).status().message());
  };
  EXPECT_TRUE(absl::StrContains(reason("accounts.csv", "id,segment\nA,B\n"), "\"name\""));
  EXPECT_TRUE(absl::StrContains(reason("export.csv", "foo,bar\n1,2\n"), "kind"));
  EXPECT_TRUE(absl::IsNotFound(OpenImportFile(folder_ + "/none.csv", "", 0).status()));
}

}  // namespace
}  // namespace doorstep::cli
