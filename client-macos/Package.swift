// swift-tools-version: 6.0
import PackageDescription

// Everything with a decision in it is in DesksideCore, which compiles and is tested on Linux too.
let package = Package(
    name: "Deskside",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "DesksideCore", targets: ["DesksideCore"]),
        .executable(name: "deskside-probe", targets: ["DesksideProbe"]),
    ],
    targets: [
        .target(name: "DesksideCore"),
        .executableTarget(name: "DesksideProbe", dependencies: ["DesksideCore"]),
        .testTarget(name: "DesksideCoreTests", dependencies: ["DesksideCore"], exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

#if os(macOS)
    // The manifest runs on the machine that builds: these need Apple's frameworks.
    package.products.append(.executable(name: "Deskside", targets: ["Deskside"]))
    package.targets += [
        .target(name: "DesksideMac", dependencies: ["DesksideCore"]),
        .executableTarget(name: "Deskside", dependencies: ["DesksideCore", "DesksideMac"]),
    ]
#endif
