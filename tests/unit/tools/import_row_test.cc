#include "tools/doorstep/import_row.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tools/doorstep/import_schema.h"

namespace doorstep::cli {
namespace {

const ImportKind& Kind(absl::string_view name) { return **FindImportKind(name); }

ImportSettings Settings() {
  ImportSettings settings;
  settings.system = "sap";
  settings.default_zone = "UTC";
  settings.zone_of_account = [](const std::string& account) -> absl::StatusOr<std::string> {
    return account == "A-CN" ? "Asia/Shanghai" : "";
  };
  return settings;
}

std::variant<v1::ImportRow, RowProblem> Convert(absl::string_view kind, absl::string_view csv) {
  std::variant<v1::ImportRow, RowProblem> result = RowProblem{"", "no row"};
  const absl::Status status =
      ReadCsv(csv, 0, [&](const SourceRow& row) { result = *ConvertRow(Kind(kind), row, Settings()); });
  EXPECT_TRUE(status.ok()) << status;
  return result;
}

v1::ImportRow Good(absl::string_view kind, absl::string_view csv) {
  const auto result = Convert(kind, csv);
  if (const auto* problem = std::get_if<RowProblem>(&result); problem != nullptr) {
    ADD_FAILURE() << problem->field << ": " << problem->reason;
    return {};
  }
  return std::get<v1::ImportRow>(result);
}

TEST(ImportRowTest, AnAccountComesWholeWithNothingRounded) {
  const v1::ImportRow row = Good("accounts",
                                 "ID;Name;languages;zone;fit;acquired;acquisition_cost;Referred By\n"
                                 "A-1;茶馆;zh|en;Asia/Shanghai;Uncertain;2024-03-01;1250,50 EUR;A-0\n");
  EXPECT_EQ(row.system(), "sap");
  const v1::Account& account = row.account();
  EXPECT_EQ(account.id(), "A-1");
  EXPECT_EQ(account.name(), "茶馆");
  ASSERT_EQ(account.languages_size(), 2);
  EXPECT_EQ(account.languages(1), "en");
  EXPECT_EQ(account.fit(), v1::FIT_UNCERTAIN);
  EXPECT_EQ(account.acquisition_cost().minor_units(), 125050);
  EXPECT_EQ(account.acquisition_cost().currency(), "EUR");
  EXPECT_EQ(account.referred_by_account_id(), "A-0");
  // Midnight in Shanghai, the account's own zone.
  EXPECT_EQ(account.acquired_time_us(), int64_t{1709222400} * 1000000);
}

TEST(ImportRowTest, AVisitKeepsTheOffsetOfItsPlaceOnThatDay) {
  constexpr char kHeader[] = "id,account,asset,kind,ended,zone,outcome,fault\n";
  const v1::PastVisit of_account =
      Good("visits", absl::StrCat(kHeader, "V,A-CN,E-1,corrective,2026-05-04T10:00,,not resolved,VALVE-SEAT worn\n"))
          .past_visit();
  EXPECT_EQ(of_account.utc_offset_s(), 28800);
  EXPECT_EQ(of_account.ended_time_us(), int64_t{1777860000} * 1000000);
  EXPECT_EQ(of_account.outcome().code(), v1::OUTCOME_CODE_NOT_RESOLVED);
  EXPECT_EQ(of_account.outcome().fault().code(), "VALVE-SEAT");
  EXPECT_EQ(of_account.outcome().fault().label(), "worn");

  const v1::PastVisit of_row =
      Good("visits", absl::StrCat(kHeader, "V,A-CN,E-1,corrective,2026-07-04T10:00,Europe/Berlin,resolved,F\n"))
          .past_visit();
  EXPECT_EQ(of_row.utc_offset_s(), 7200);
  const v1::PastVisit of_time =
      Good("visits", absl::StrCat(kHeader, "V,A-CN,E-1,corrective,2026-07-04T10:00-03:30,,resolved,F\n")).past_visit();
  EXPECT_EQ(of_time.utc_offset_s(), -12600);
}

TEST(ImportRowTest, NamesOfTheContractAreUnderstoodToo) {
  const v1::PastVisit visit = Good("visits",
                                   "id,account_id,kind,ended_time_us,outcome.code,outcome.fault.code,version\n"
                                   "V,A,WORK_ORDER_KIND_RECALL,1777860000000000,OUTCOME_CODE_RESOLVED,F,7\n")
                                  .past_visit();
  EXPECT_EQ(visit.kind(), v1::WORK_ORDER_KIND_RECALL);
  EXPECT_EQ(visit.ended_time_us(), int64_t{1777860000} * 1000000);
  EXPECT_EQ(visit.outcome().fault().code(), "F");
}

TEST(ImportRowTest, DegreesAndListsAreReadAsText) {
  const v1::Site site =
      Good("sites", "id,account,name,latitude,longitude,geofence_m\nS,A,Cellar,-52.53105,13.3849,80\n").site();
  EXPECT_EQ(site.position().latitude_e7(), -525310500);
  EXPECT_EQ(site.position().longitude_e7(), 133849000);
  EXPECT_EQ(site.geofence_m(), 80u);
  const v1::WorkOrder order =
      Good("work-orders", "id,account,kind,assets,symptoms,priority\nW,A,install,\"E-1; E-2\",NO-START|NOISE,2\n")
          .work_order();
  ASSERT_EQ(order.asset_ids_size(), 2);
  EXPECT_EQ(order.asset_ids(1), "E-2");
  ASSERT_EQ(order.symptoms_size(), 2);
  EXPECT_EQ(order.symptoms(0).code(), "NO-START");
  EXPECT_EQ(order.priority(), 2u);
}

TEST(ImportRowTest, ABadValueNamesItsColumnAndWhatWouldBeGood) {
  const struct {
    const char* kind;
    const char* csv;
    const char* field;
    const char* reason;
  } kCases[] = {
      {"accounts", "id,name\nA,\n", "name", "required"},
      {"accounts", "id,name,fit\nA,B,great\n", "fit", "good, uncertain, misfit"},
      {"accounts", "id,name,zone,acquired\nA,B,Europe/Nowhere,2024-01-01\n", "zone", "IANA"},
      {"technicians", "id,name,zone\nT,Wei,Asia/Shanghia\n", "zone", "IANA"},
      {"accounts", "id,name,acquired\nA,B,01.03.2024\n", "acquired", "2026-11-22"},
      {"accounts", "id,name,acquisition_cost\nA,B,12\n", "acquisition_cost", "currency"},
      {"accounts", "id,name,acquisition_cost\nA,B,\"1,250.00 EUR\"\n", "acquisition_cost", "at most 2 decimals"},
      {"sites", "id,account,name,latitude\nS,A,B,fifty\n", "latitude", "number"},
      {"sites", "id,account,name,latitude\nS,A,B,152.5\n", "latitude", "-90 to 90 degrees, is 152.5"},
      {"sites", "id,account,name,longitude\nS,A,B,-180.1\n", "longitude", "-180 to 180 degrees, is -180.1"},
      {"sites", "id,account,name,geofence_m\nS,A,B,-5\n", "geofence_m", "outside"},
      {"work-orders", "id,account,kind,priority\nW,A,install,high\n", "priority", "whole number"},
      {"contacts", "id,account,name,consent\nP,A,B,perhaps\n", "consent", "yes nor no"},
      {"assets", "id,account,installed\nE,A,2026-02-30\n", "installed", "no such day"},
      {"visits", "id,account,kind,ended,outcome\nV,A,corrective,,resolved\n", "ended", "required"},
      {"visits", "id,account,kind,ended,outcome\nV,A,corrective,2026-01-01\n", "", "4 values"},
  };
  for (const auto& c : kCases) {
    const auto result = Convert(c.kind, c.csv);
    const auto* problem = std::get_if<RowProblem>(&result);
    ASSERT_NE(problem, nullptr) << c.csv;
    EXPECT_EQ(problem->field, c.field) << c.csv;
    EXPECT_NE(problem->reason.find(c.reason), std::string::npos) << problem->reason;
  }
}

// In a CSV file the header is looked at once; in JSON lines every row may be misspelt by itself.
TEST(ImportRowTest, AMisspeltMemberOfAJsonRowIsRefusedByName) {
  const auto convert = [](absl::string_view json) {
    std::variant<v1::ImportRow, RowProblem> result = RowProblem{"", "no row"};
    EXPECT_TRUE(ReadJsonLines(json, [&](const SourceRow& row) {
                  result = *ConvertRow(Kind("accounts"), row, Settings());
                }).ok());
    return result;
  };
  const auto misspelt = convert(R"({"id":"A","name":"B","segmnt":"hotel"})");
  const auto* problem = std::get_if<RowProblem>(&misspelt);
  ASSERT_NE(problem, nullptr);
  EXPECT_EQ(problem->field, "segmnt");
  EXPECT_EQ(problem->reason, "is no field of accounts; did you mean \"segment\"?");
  const auto nested = convert(R"({"id":"A","name":"B","outcome":{"code":"resolved"}})");
  ASSERT_NE(std::get_if<RowProblem>(&nested), nullptr);
  EXPECT_EQ(std::get<RowProblem>(nested).field, "outcome.code");
  // What says nothing loses nothing, and what the server computes comes back from its own export.
  const auto harmless = convert(R"({"id":"A","name":"B","segmnt":null,"version":3})");
  EXPECT_EQ(std::get_if<RowProblem>(&harmless), nullptr);
}

TEST(ImportSchemaTest, TheKindIsToldByTheNameOrTheColumns) {
  const struct {
    const char* file;
    std::vector<std::string> columns;
    const char* want;  // Null: nobody can tell.
  } kCases[] = {
      {"/tmp/accounts-2026.csv", {}, "accounts"},
      {"work_orders.jsonl", {}, "work-orders"},
      {"Past Visits.csv", {}, "visits"},
      {"export.csv", {"id", "account", "kind", "ended", "outcome", "fault"}, "visits"},
      {"export.csv", {"ID", "Account", "Name", "Latitude"}, "sites"},
      {"accounts-and-sites.csv", {"id", "name", "segment"}, "accounts"},
      {"export.csv", {"foo"}, nullptr},
  };
  for (const auto& c : kCases) {
    const auto kind = GuessImportKind(c.file, c.columns);
    if (c.want == nullptr) {
      EXPECT_FALSE(kind.ok()) << c.file;
    } else {
      ASSERT_TRUE(kind.ok()) << c.file << kind.status();
      EXPECT_STREQ((*kind)->name, c.want) << c.file;
    }
  }
}

TEST(ImportSchemaTest, EveryTemplateCanBeImportedAsItIs) {
  for (const ImportKind& kind : ImportKinds()) {
    for (const char delimiter : {',', ';', '\t'}) {
      const std::string text = ImportTemplate(kind, delimiter);
      int rows = 0;
      const absl::Status status = ReadCsv(text, 0, [&](const SourceRow& row) {
        const auto converted = *ConvertRow(kind, row, Settings());
        if (const auto* problem = std::get_if<RowProblem>(&converted); problem != nullptr) {
          ADD_FAILURE() << kind.name << ": " << problem->field << ": " << problem->reason;
        }
        ++rows;
      });
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(rows, 1) << text;
    }
  }
}

TEST(ImportSchemaTest, EveryColumnFillsAFieldOfTheContract) {
  for (const ImportKind& kind : ImportKinds()) {
    for (const ImportColumn& column : kind.columns) {
      const ColumnMatch match = MatchColumn(kind, column.path[0] == '\0' ? column.name : column.path);
      EXPECT_TRUE(match.known) << kind.name << "." << column.name;
      EXPECT_EQ(ColumnOfField(kind, column.path[0] == '\0' ? column.name : column.path), column.name);
    }
  }
}

}  // namespace
}  // namespace doorstep::cli
