// Who speaks, and therefore what may be read or written in their name.
// Invariant: only the Authenticator makes a Scope, so whoever holds one has shown a valid token.
#ifndef DOORSTEP_SERVER_FEEDS_SCOPE_H_
#define DOORSTEP_SERVER_FEEDS_SCOPE_H_

#include <string>
#include <utility>

namespace doorstep {

enum class Role {
  kNobody,  // The caller of Enroll, who has no token yet.
  kDevice,
  kAdmin,
};

class Scope {
 public:
  Role role() const { return role_; }
  // "d7" of a device, "a1" of an administrator, empty for nobody.
  const std::string& name() const { return name_; }
  // "device:d7", "admin:a1" or "nobody": what command records and logs name.
  std::string principal() const {
    switch (role_) {
      case Role::kDevice:
        return "device:" + name_;
      case Role::kAdmin:
        return "admin:" + name_;
      case Role::kNobody:
        break;
    }
    return "nobody";
  }
  // 32 bytes that only the holder of the token leads to: what a secret is made from that a repeated call must get
  // again. Empty for nobody and for devices. Never stored, never logged.
  const std::string& seed() const { return seed_; }

 private:
  friend class Authenticator;
  Scope(Role role, std::string name, std::string seed) : role_(role), name_(std::move(name)), seed_(std::move(seed)) {}

  Role role_;
  std::string name_;
  std::string seed_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_FEEDS_SCOPE_H_
