// AccountService: customers as the success managers see them. Reads only.

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "doorstep/v1/account_service.grpc.pb.h"
#include "server/apply/commands/checks.h"
#include "server/services/answer.h"
#include "server/services/page.h"
#include "server/services/services.h"
#include "server/storage/account_table.h"
#include "server/storage/commitment_table.h"
#include "server/storage/record_table.h"
#include "server/storage/repair_history.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// Moves a list into a repeated field.
template <typename Message>
void MoveInto(std::vector<Message> list, google::protobuf::RepeatedPtrField<Message>* field) {
  for (Message& message : list) *field->Add() = std::move(message);
}

absl::Status ReadAccount(SqlSession& sql, absl::string_view id, int32_t today, v1::GetAccountResponse& response) {
  ASSIGN_OR_RETURN(std::optional<v1::Account> account, FindAccount(sql, id));
  ASSIGN_OR_RETURN(const int64_t n, FindAccountNumber(sql, id));
  if (n == 0) return absl::NotFoundError(absl::StrCat("no account ", id));
  // A technician may have named an account that the office has not described yet.
  if (account.has_value()) {
    *response.mutable_account() = *std::move(account);
  } else {
    response.mutable_account()->set_id(std::string(id));
  }
  ASSIGN_OR_RETURN(std::vector<v1::Contact> contacts, ListRecordsOfAccount<v1::Contact>(sql, n));
  MoveInto(std::move(contacts), response.mutable_contacts());
  ASSIGN_OR_RETURN(std::vector<v1::Site> sites, ListRecordsOfAccount<v1::Site>(sql, n));
  MoveInto(std::move(sites), response.mutable_sites());
  ASSIGN_OR_RETURN(std::vector<v1::Asset> assets, ListRecordsOfAccount<v1::Asset>(sql, n));
  MoveInto(std::move(assets), response.mutable_assets());
  ASSIGN_OR_RETURN(std::vector<v1::Contract> contracts, ListRecordsOfAccount<v1::Contract>(sql, n));
  MoveInto(std::move(contracts), response.mutable_contracts());
  ASSIGN_OR_RETURN(std::vector<v1::Commitment> commitments, CommitmentsOfAccount(sql, n, /*state=*/0));
  MoveInto(std::move(commitments), response.mutable_commitments());
  ASSIGN_OR_RETURN(*response.mutable_statistics(), CountRepairs(sql, n, today));
  ASSIGN_OR_RETURN(std::vector<v1::Repair> repairs, RepairsOfAccount(sql, n, today, limits::kRepairsMax));
  MoveInto(std::move(repairs), response.mutable_repairs());
  return absl::OkStatus();
}

class AccountService final : public v1::AccountService::CallbackService {
 public:
  explicit AccountService(const ServerParts& parts) : parts_(parts) {}

  ServerUnaryReactor* GetAccount(CallbackServerContext* context, const v1::GetAccountRequest* request,
                                 v1::GetAccountResponse* response) override {
    return Answer(
        parts_, "/doorstep.v1.AccountService/GetAccount", context, response, [&](const Scope&) -> absl::Status {
          RETURN_IF_ERROR(CheckId("id", request->id()));
          return parts_.storage.Read(
              "an account", [&](SqlSession& sql) { return ReadAccount(sql, request->id(), Today(), *response); });
        });
  }

  ServerUnaryReactor* ListAccounts(CallbackServerContext* context, const v1::ListAccountsRequest* request,
                                   v1::ListAccountsResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AccountService/ListAccounts", context, response,
                  [&](const Scope&) -> absl::Status {
                    ASSIGN_OR_RETURN(const Page page, PageById(request->page_size(), request->page_token()));
                    RETURN_IF_ERROR(CheckText("contains", request->contains(), limits::kSearchBytesMax));
                    return parts_.storage.Read("accounts", [&](SqlSession& sql) -> absl::Status {
                      ASSIGN_OR_RETURN(std::vector<v1::Account> accounts,
                                       doorstep::ListAccounts(sql, request->contains(), page.after_id, page.limit()));
                      if (CutToPage(page, accounts))
                        response->set_next_page_token(PageTokenAfter(accounts.back().id()));
                      MoveInto(std::move(accounts), response->mutable_accounts());
                      return absl::OkStatus();
                    });
                  });
  }

  ServerUnaryReactor* GetRepairStatistics(CallbackServerContext* context, const v1::GetRepairStatisticsRequest* request,
                                          v1::GetRepairStatisticsResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AccountService/GetRepairStatistics", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckOptionalId("account_id", request->account_id()));
                    return parts_.storage.Read("repairs", [&](SqlSession& sql) -> absl::Status {
                      int64_t n = 0;
                      if (!request->account_id().empty()) {
                        ASSIGN_OR_RETURN(n, FindAccountNumber(sql, request->account_id()));
                        if (n == 0) return absl::NotFoundError(absl::StrCat("no account ", request->account_id()));
                      }
                      ASSIGN_OR_RETURN(*response->mutable_statistics(), CountRepairs(sql, n, Today()));
                      return absl::OkStatus();
                    });
                  });
  }

 private:
  int32_t Today() const { return CivilDay(parts_.NowUs(), /*utc_offset_s=*/0); }

  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccountService(const ServerParts& parts) {
  return std::make_unique<AccountService>(parts);
}

}  // namespace doorstep
