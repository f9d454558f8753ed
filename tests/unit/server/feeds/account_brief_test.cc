#include "server/feeds/account_brief.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace doorstep {
namespace {

BriefRecords Acme() {
  BriefRecords records;
  records.account_id = "acme";
  records.account_name = "Acme";
  v1::Site site;
  site.set_id("plant");
  site.set_hazards("Mind the dog.");
  site.set_access_notes("Ring at gate 2.");
  records.sites.push_back(site);
  v1::Commitment promise;
  promise.set_id("p1");
  promise.set_text("bring a filter");
  promise.set_due_time_us(int64_t{20780} * 86400 * 1000000);
  records.open_promises.push_back(promise);
  records.last_visits.push_back({"v1", 20770, v1::OUTCOME_CODE_NOT_RESOLVED, "F-SEAT"});
  return records;
}

TEST(AccountBriefTest, EveryLineHasItsSourceAndDangersComeFirst) {
  const v1::AccountBrief brief = BuildBrief(Acme());
  ASSERT_EQ(brief.lines_size(), 4);
  EXPECT_EQ(brief.lines(0).text(), "Mind the dog.");
  EXPECT_EQ(brief.lines(0).source_id(), "plant");
  EXPECT_EQ(brief.lines(1).text(), "Promised: bring a filter (due 2026-11-23)");
  EXPECT_EQ(brief.lines(1).source_id(), "p1");
  EXPECT_EQ(brief.lines(2).text(), "2026-11-13: not resolved (F-SEAT)");
  EXPECT_EQ(brief.lines(3).text(), "Ring at gate 2.");
}

TEST(AccountBriefTest, ManySitesLeaveRoomForWhatWasPromised) {
  BriefRecords records = Acme();
  for (int i = 0; i < 40; ++i) {
    v1::Site site;
    site.set_id("site-" + std::to_string(10 + i));
    if (i % 2 == 0) site.set_hazards(std::string(400, 'h'));
    site.set_access_notes("Ring twice.");
    records.sites.push_back(site);
  }
  const v1::AccountBrief brief = BuildBrief(records);
  std::vector<std::string> sources;
  for (const v1::AccountBrief::Line& line : brief.lines()) sources.push_back(line.source_id());
  EXPECT_THAT(sources, testing::ElementsAre("plant", "site-10", "site-12", "p1", "v1", "plant", "site-10", "site-11"));
}

TEST(AccountBriefTest, ItNeverPassesFourKilobytes) {
  BriefRecords records = Acme();
  v1::Commitment promise = records.open_promises[0];
  promise.set_text(std::string(1024, 'x'));
  for (int i = 0; i < 50; ++i) records.open_promises.push_back(promise);
  const v1::AccountBrief brief = BuildBrief(records);
  EXPECT_LE(brief.ByteSizeLong(), 4096u);
  EXPECT_GT(brief.lines_size(), 3);
  EXPECT_LE(brief.lines(3).text().size(), 512u);
}

TEST(AccountBriefTest, TextIsNeverCutInsideACharacter) {
  BriefRecords records = Acme();
  std::string hazards;
  for (int i = 0; i < 300; ++i) hazards += "\xe5\x8d\xb1";
  records.sites[0].set_hazards(hazards);
  const std::string text = BuildBrief(records).lines(0).text();
  EXPECT_EQ((text.size() - 3) % 3, 0u);
  EXPECT_EQ(text.substr(text.size() - 3), "...");
}

}  // namespace
}  // namespace doorstep
