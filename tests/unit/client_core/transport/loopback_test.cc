#include "client_core/transport/loopback.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

TEST(LoopbackTest, OnlyThisMachineMayBeSpokenToWithoutTls) {
  for (const char* address : {"127.0.0.1:7443", "127.255.0.9:1", "localhost:65535", "[::1]:7443"}) {
    EXPECT_TRUE(IsLoopbackAddress(address)) << address;
  }
  for (const char* address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:7443x", "10.0.0.1:7443",
        "127.0.0.1.example.com:7443", "localhost.example.com:7443", "127.0.0.256:1", "127.0.0:1", "127.0.0.1.2:1",
        "dns:///127.0.0.1:7443", "128.0.0.1:1", "[::2]:1", "::1:7443", "0.0.0.0:7443", ":7443", "127.0.0.-1:1"}) {
    EXPECT_FALSE(IsLoopbackAddress(address)) << address;
  }
}

}  // namespace
}  // namespace doorstep
