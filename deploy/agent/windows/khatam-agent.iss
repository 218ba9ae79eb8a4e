; Inno Setup 6: per machine, 64-bit, uninstallable.
[Setup]
AppId=Khatam.Agent
AppName=Khatam
AppVersion=0.1.0
DefaultDirName={autopf}\Khatam
PrivilegesRequired=admin
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
OutputBaseFilename=Khatam-setup
OutputDir=..\..\..\dist
DisableProgramGroupPage=yes
UninstallDisplayIcon={app}\khatam-agent-window.exe

[Files]
Source: "..\..\..\dist\Khatam\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion
Source: "..\files\agent.toml.example"; DestDir: "{commonappdata}\Khatam"; Flags: uninsneveruninstall

[Dirs]
; Users read the configuration and the anchor; administrators alone write them.
Name: "{commonappdata}\Khatam"; Permissions: users-readexec admins-full; Flags: uninsneveruninstall

[Registry]
Root: HKLM; Subkey: "Software\Classes\khatam"; ValueType: string; ValueData: "URL:Khatam"; Flags: uninsdeletekey
Root: HKLM; Subkey: "Software\Classes\khatam"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKLM; Subkey: "Software\Classes\khatam\shell\open\command"; ValueType: string; ValueData: """{app}\khatam-agent-window.exe"" open ""%1"""
