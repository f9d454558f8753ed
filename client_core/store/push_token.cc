#include "client_core/store/push_token.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/base/utf8.h"

namespace doorstep {
namespace {

bool IsToken(absl::string_view token) {
  return token.size() <= limits::kPushTokenBytesMax && Utf8(token) == std::string(token);
}

}  // namespace

absl::Status PushToken::Load() {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT token, told_generation FROM push_token"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  token_.reset();
  told_generation_.clear();
  if (!row || !IsToken(read.Text(0))) return absl::OkStatus();
  token_ = std::string(read.Text(0));
  told_generation_ = std::string(read.Text(1));
  return absl::OkStatus();
}

absl::StatusOr<bool> PushToken::Set(absl::string_view token) {
  if (!IsToken(token)) {
    return absl::InvalidArgumentError(
        absl::StrCat("token: must be UTF-8 of at most ", limits::kPushTokenBytesMax, " bytes"));
  }
  if (token_.has_value() && absl::string_view(*token_) == token) return false;
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT INTO push_token (one, token, told_generation) VALUES (1, $1, '') "
                                "ON CONFLICT (one) DO UPDATE SET token = $1, told_generation = ''"));
  RETURN_IF_ERROR(write.BindText(1, token).Run());
  token_ = std::string(token);
  told_generation_.clear();
  return true;
}

std::optional<std::string> PushToken::Untold(absl::string_view generation) const {
  if (!generation.empty() && absl::string_view(told_generation_) == generation) return std::nullopt;
  return token_;
}

absl::Status PushToken::NoteTold(absl::string_view token, absl::string_view generation) {
  if (!token_.has_value() || absl::string_view(*token_) != token) return absl::OkStatus();
  return WriteTold(generation);
}

absl::Status PushToken::ForgetTold() { return WriteTold(""); }

absl::Status PushToken::WriteTold(absl::string_view generation) {
  if (absl::string_view(told_generation_) == generation) return absl::OkStatus();
  ASSIGN_OR_RETURN(sqlite::Statement write, db_->Prepare("UPDATE push_token SET told_generation = $1"));
  RETURN_IF_ERROR(write.BindText(1, generation).Run());
  told_generation_ = std::string(generation);
  return absl::OkStatus();
}

}  // namespace doorstep
