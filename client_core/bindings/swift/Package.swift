// swift-tools-version:5.9
// Not run where this was written: there is no Swift compiler in Debian. The module map is checked with clang's modules.
//
// Doorstep.xcframework holds the static archive of the phone core for each platform (client_core/README.md, "iOS").
import PackageDescription

let package = Package(
  name: "Doorstep",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [.library(name: "Doorstep", targets: ["Doorstep"])],
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf.git", from: "1.25.0")],
  targets: [
    .binaryTarget(name: "DoorstepBinary", path: "Doorstep.xcframework"),
    .target(name: "CDoorstep", dependencies: ["DoorstepBinary"], linkerSettings: [.linkedLibrary("c++")]),
    .target(
      name: "Doorstep",
      dependencies: ["CDoorstep", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
  ]
)
