#include "tools/doorstep/profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/doorstep/connection.h"

namespace doorstep::cli {
namespace {

class ProfileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/profile-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& content, mode_t mode) {
    const std::string path = folder_ + "/admin.connect";
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return path;
  }

  std::string folder_;
};

TEST_F(ProfileTest, WhatIsStoredIsReadableByItsOwnerOnly) {
  const std::string path = ProfilePath(folder_ + "/config", "office");
  v1::ConnectFile written;
  written.set_server("127.0.0.1:7443");
  written.set_token("secret");
  ASSERT_TRUE(WriteProfile(path, written).ok());
  struct stat about = {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((folder_ + "/config/profiles").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  const absl::StatusOr<v1::ConnectFile> profile = ReadProfile(path);
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->server(), "127.0.0.1:7443");
  EXPECT_EQ(profile->token(), "secret");
}

TEST_F(ProfileTest, AFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0644, 0640, 0604, 0620}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(ReadProfile(Write("server: \"127.0.0.1:1\" token: \"t\"", mode)).status()));
  }
}

TEST_F(ProfileTest, WhatIsNoProfileIsSaidSo) {
  for (const char* content : {"", "{}", "server: \"127.0.0.1:1\"", "server: \"\" token: \"t\"",
                              "server: \"127.0.0.1:1\" token: \"a\\nb\"", "token \"unquoted"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadProfile(Write(content, 0600)).status())) << content;
  }
  EXPECT_TRUE(absl::IsNotFound(ReadProfile(folder_ + "/none").status()));
}

TEST_F(ProfileTest, NamesStayInTheirFolder) {
  for (const char* name : {"../x", ".hidden", "a/b", "a b"}) EXPECT_FALSE(ProfileName(name).ok()) << name;
  EXPECT_EQ(*ProfileName("office-2"), "office-2");
}

TEST_F(ProfileTest, ATokenIsSentToThisMachineOnly) {
  for (const char* address : {"127.0.0.1:7070", "localhost:7070", "[::1]:7070"}) EXPECT_TRUE(IsLoopback(address));
  for (const char* address : {"10.0.0.5:7070", "doorstep.example:443", "localhost.example:1", "0.0.0.0:7070",
                              "127.0.0.1.example.com:7070", "127.evil.example:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace doorstep::cli
