// A page from a server that went wrong: taken or refused, and the phone's files stay good and readable.
#include <cstdlib>
#include <memory>
#include <string>

#include "client_core/rules/frame_codec.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/sync.pb.h"
#include "tests/fuzz/scratch_folder.h"

namespace {

constexpr int kPagesPerStore = 2000;

std::unique_ptr<doorstep::LocalStore> OpenStore(const std::string& folder) {
  doorstep::StoreOptions options;
  options.directory = folder;
  auto store = doorstep::LocalStore::Open(options);
  if (!store.ok()) std::abort();
  return *std::move(store);
}

// As bytes off the wire, or when they are a page's insides, wrapped so that decompression does not hide them.
doorstep::v1::PullResponse ResponseOf(const uint8_t* data, size_t size) {
  doorstep::v1::PullResponse response;
  if (response.ParseFromArray(data, static_cast<int>(size))) return response;
  response.Clear();
  response.set_page(data, size);
  response.set_codec(doorstep::v1::CODEC_NONE);
  response.set_raw_bytes(static_cast<uint32_t>(size));
  response.set_cursor("c");
  response.set_snapshot_begins(true);
  return response;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static doorstep::fuzz::ScratchFolder folder;
  static std::unique_ptr<doorstep::LocalStore> store;
  static int pages = 0;
  if (store == nullptr || ++pages % kPagesPerStore == 0) {
    store.reset();
    folder.Empty();
    store = OpenStore(folder.path());
  }
  const doorstep::v1::PullResponse response = ResponseOf(data, size);
  store->ApplyPage("technician:ana", store->replica().Cursor("technician:ana"), response).status().IgnoreError();
  store->Settle().status().IgnoreError();
  store->view().Visits("").status().IgnoreError();
  if (!store->repairs().empty()) std::abort();  // Nothing that a server says damages a file.
  return 0;
}
