// The gRPC services, one file each. Their headers would only repeat the contract; this one makes them.
#ifndef DOORSTEP_SERVER_SERVICES_SERVICES_H_
#define DOORSTEP_SERVER_SERVICES_SERVICES_H_

#include <memory>

#include "server/services/parts.h"

namespace grpc {
class Service;
}

namespace doorstep {

// `parts` must outlive the service.
std::unique_ptr<grpc::Service> MakeSyncService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeEnrollmentService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeDispatchService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeAccountService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeImportService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeHealthService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeAttachmentService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakePushGatewayService(const ServerParts& parts);
std::unique_ptr<grpc::Service> MakeAdminService(const ServerParts& parts);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_SERVICES_H_
