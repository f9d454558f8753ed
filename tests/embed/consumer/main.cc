// An app's own SQLite and own protobuf, with the same messages, beside the phone core's: neither may take what belongs
// to the other.
#include <doorstep/doorstep.h>
#include <google/protobuf/descriptor.h>
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "doorstep/v1/client.pb.h"

namespace {

void Expect(bool true_, const char* what) {
  if (true_) return;
  std::fprintf(stderr, "Error: not so: %s\n", what);
  std::exit(1);
}

int FillKey(void* byte, uint8_t key[32]) {
  std::memset(key, *static_cast<const char*>(byte), 32);
  return 0;
}

doorstep_code Open(const char* folder, char key, doorstep_core** core) {
  doorstep_options options = {};
  options.size = sizeof(options);
  options.directory = folder;
  options.clock.size = sizeof(options.clock);
  options.key = FillKey;
  options.key_context = &key;
  doorstep_result* result = doorstep_open(&options, core);
  const doorstep_code code = doorstep_result_code(result);
  if (code != DOORSTEP_OK) std::printf("%s\n", doorstep_result_message(result));
  doorstep_result_free(result);
  return code;
}

}  // namespace

int main(int, char** words) {
  // The core's SQLite encrypts; the app's cannot, and finds no database in the core's file.
  doorstep_core* core = nullptr;
  Expect(Open(words[1], 'a', &core) == DOORSTEP_OK, "an encrypted phone opens");
  doorstep_result* result = doorstep_status(core);
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  doorstep::v1::PhoneStatus status;
  Expect(status.ParseFromArray(bytes, static_cast<int>(length)), "the app's messages read the core's answer");
  doorstep_result_free(result);
  Expect(!status.enrolled(), "a new phone is not enrolled");
  // The whole protobuf is the app's: it knows the names of fields, which the core's does not have.
  Expect(status.GetDescriptor()->FindFieldByName("entries_recorded") != nullptr,
         "the app's messages describe themselves");

  sqlite3* own = nullptr;
  const std::string journal = std::string(words[1]) + "/journal.db";
  Expect(sqlite3_open(journal.c_str(), &own) == SQLITE_OK, "the app's SQLite opens a file");
  Expect(sqlite3_exec(own, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr) == SQLITE_NOTADB,
         "the app's SQLite does not decrypt");
  sqlite3_close(own);
  doorstep_close(core);
  Expect(Open(words[1], 'b', &core) == DOORSTEP_FAILED_PRECONDITION, "another key is refused");
  std::printf("core %s; the app has SQLite %s and protobuf %d\n", doorstep_version(), sqlite3_libversion(),
              GOOGLE_PROTOBUF_VERSION);
  return 0;
}
