#include "client_core/session/serial_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace doorstep {
namespace {

// Keeps the queue busy until Open is called.
class Barrier {
 public:
  void WaitHere() {
    MutexLock lock(&mutex_);
    while (!open_) opened_.Wait(&mutex_);
  }
  void Open() {
    MutexLock lock(&mutex_);
    open_ = true;
    opened_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar opened_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(SerialQueueTest, PersonsGoBeforeTheNetworkAndDoNotStarveIt) {
  SerialQueue queue([] {});
  Barrier barrier;
  std::string order;
  Answer<bool> begun;
  queue.Post(Urgency::kNetwork, [&] {
    begun.Set(true);
    barrier.WaitHere();
  });
  ASSERT_TRUE(begun.Wait(60000000, "late").ok());
  for (int i = 0; i < 3; ++i) queue.Post(Urgency::kNetwork, [&order] { order += 'n'; });
  for (int i = 0; i < 40; ++i) queue.Post(Urgency::kPerson, [&order] { order += 'p'; });
  barrier.Open();
  Answer<bool> done;
  queue.Post(Urgency::kNetwork, [&done] { done.Set(true); });
  ASSERT_TRUE(done.Wait(60000000, "late").ok());
  ASSERT_EQ(order.size(), 43u);
  EXPECT_EQ(order.substr(0, 16), std::string(16, 'p'));
  EXPECT_EQ(order[16], 'n');
}

TEST(SerialQueueTest, ClosingAnswersThoseWhoWait) {
  auto queue = std::make_unique<SerialQueue>([] {});
  Barrier barrier;
  queue->Post(Urgency::kPerson, [&barrier] { barrier.WaitHere(); });
  absl::Status asked;
  Answer<bool> asking;
  std::thread caller([&] {
    asking.Set(true);
    asked = queue->Ask<bool>([] { return true; }).status();
  });
  ASSERT_TRUE(asking.Wait(60000000, "late").ok());
  std::thread closer([&] { queue->Close(); });
  barrier.Open();
  closer.join();
  caller.join();
  // The question may have been answered just before.
  EXPECT_TRUE(asked.ok() || absl::IsCancelled(asked)) << asked;
  EXPECT_TRUE(absl::IsCancelled(queue->Ask<bool>([] { return true; }).status()));
}

TEST(SerialQueueTest, MemoryThatRunsOutEndsATaskAndNotTheHost) {
  SerialQueue queue([] {});
  queue.Post(Urgency::kPerson, [] { throw std::bad_alloc(); });
  const absl::Status status = queue.Ask<bool>([]() -> absl::StatusOr<bool> { throw std::bad_alloc(); }).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(queue.Ask<bool>([] { return true; }).ok());
}

TEST(SerialQueueTest, TimerRunsOnceOnTheQueueAndTheLastSettingCounts) {
  std::vector<int> fired;
  Answer<bool> once;
  SerialQueue queue([&] {
    fired.push_back(1);
    once.Set(true);
  });
  queue.Post(Urgency::kNetwork, [&queue] {
    queue.SetTimer(0);
    queue.SetTimer(-1);
  });
  ASSERT_TRUE(queue.Ask<bool>([] { return true; }).ok());
  ASSERT_TRUE(queue.Ask<bool>([] { return true; }).ok());
  EXPECT_TRUE(fired.empty());
  queue.Post(Urgency::kNetwork, [&queue] { queue.SetTimer(1000); });
  ASSERT_TRUE(once.Wait(60000000, "late").ok());
  ASSERT_TRUE(queue.Ask<bool>([] { return true; }).ok());
  EXPECT_EQ(fired.size(), 1u);
}

}  // namespace
}  // namespace doorstep
